// Lists that a registry gives page by page, of tags and of repositories (distribution-spec 1.1, "Listing tags"): Link
// says where the next page is.

import {BadAnswer, NotFound} from './failures.ts';
import type {HttpResponse} from './http.ts';
import {detailOf} from './session.ts';

const pageBytesMax = 8 * 1024 * 1024;
const pagesMax = 1000;

/** `get` asks for a path below the registry's root, or an address it gave; the names are in `member` of each answer. */
export async function listPages(
  first: string,
  member: 'tags' | 'repositories',
  get: (path: string | URL) => Promise<HttpResponse>,
): Promise<readonly string[]> {
  const names: string[] = [];
  let next: string | URL | undefined = first;
  for (let page = 0; next !== undefined && page < pagesMax; page++) {
    const answer: HttpResponse = await get(next);
    if (answer.status === 404) throw new NotFound(await detailOf(answer));
    const bytes = await answer.bytes(pageBytesMax);
    const listed = answer.status === 200 ? namesIn(bytes, member) : undefined;
    if (listed === undefined) throw new BadAnswer('registry-invalid-answer', `no list of ${member}`);
    names.push(...listed);
    const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers['link'] ?? '')?.[1];
    next = link !== undefined && URL.canParse(link, answer.url.href) ? new URL(link, answer.url) : undefined;
  }
  return names;
}

function namesIn(bytes: Uint8Array, member: string): readonly string[] | undefined {
  try {
    const names = (JSON.parse(new TextDecoder().decode(bytes)) as Readonly<Record<string, unknown>>)[member];
    if (names === null) return [];
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}
