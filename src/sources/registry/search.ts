// Looking for repositories: by the old search of docker's index (GET /v1/search?q=&n=), which Docker Hub still has, or
// else in the list of all repositories (distribution's GET /v2/_catalog), where a registry gives that to the asker.

import {buildError} from '../../diagnostics/build-error.ts';
import {BadAnswer, NotFound} from './failures.ts';
import type {HttpResponse} from './http.ts';
import {listPages} from './list-pages.ts';
import {AccessDenied} from './session.ts';

export interface FoundRepository {
  /** As the registry calls it, without its host. */
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly isOfficial: boolean;
  readonly isAutomated: boolean;
}

export interface SearchPlace {
  readonly host: string;
  /** Whether /v1/search is all there is: Docker Hub gives nobody a list. */
  readonly isIndex: boolean;
  index(query: Readonly<Record<string, string>>): Promise<HttpResponse>;
  catalog(path: string | URL): Promise<HttpResponse>;
}

const answerBytesMax = 4 * 1024 * 1024;

/** At most `limit`, in the registry's own order. Throws BuildError where there is no way to search. */
export async function searchRegistry(
  term: string,
  limit: number,
  place: SearchPlace,
): Promise<readonly FoundRepository[]> {
  const answer = await place.index({q: term, n: String(limit)}).catch((error: unknown) => {
    // A registry that knows no /v1 may keep that, too, from strangers.
    if (error instanceof AccessDenied && !place.isIndex) return undefined;
    throw error;
  });
  const found = answer?.status === 200 ? resultsIn(await answer.bytes(answerBytesMax)) : undefined;
  if (found !== undefined) return found.slice(0, limit);
  await answer?.discard();
  if (place.isIndex) throw new BadAnswer('registry-invalid-answer', `status ${answer?.status} to a search`);
  const names = await listPages('/_catalog?n=1000', 'repositories', (path) => place.catalog(path)).catch(
    (error: unknown) => {
      if (error instanceof BadAnswer || error instanceof NotFound) return undefined;
      throw error;
    },
  );
  if (names === undefined) {
    const text = `${place.host} offers no search: it has neither /v1/search nor a list of its repositories`;
    throw buildError('user', 'registry-no-search', text);
  }
  const wanted = term.toLowerCase();
  return names
    .filter((name) => name.toLowerCase().includes(wanted))
    .slice(0, limit)
    .map((name) => ({name, description: '', stars: 0, isOfficial: false, isAutomated: false}));
}

function resultsIn(bytes: Uint8Array): readonly FoundRepository[] | undefined {
  let results: unknown;
  try {
    results = (JSON.parse(new TextDecoder().decode(bytes)) as {results?: unknown}).results;
  } catch {
    return undefined;
  }
  if (!Array.isArray(results)) return undefined;
  return results.flatMap((result: Readonly<Record<string, unknown>> | null) => {
    const {
      name,
      description,
      star_count: stars,
      is_official: official,
      is_automated: automated,
    } = result ?? {};
    if (typeof name !== 'string') return [];
    return [
      {
        name,
        description: typeof description === 'string' ? description : '',
        stars: typeof stars === 'number' ? stars : 0,
        isOfficial: official === true,
        isAutomated: automated === true,
      },
    ];
  });
}
