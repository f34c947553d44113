// The tags of a repository (distribution-spec 1.1, "Listing tags"), page by page: Link says where the next one is.

import {BadAnswer, NotFound} from './failures.ts';
import type {HttpResponse} from './http.ts';
import {detailOf} from './session.ts';

const pageBytesMax = 8 * 1024 * 1024;
const pagesMax = 1000;

/** `get` asks for a path below the registry's root, or an address it gave. */
export async function listTags(
  repository: string,
  get: (path: string | URL) => Promise<HttpResponse>,
): Promise<readonly string[]> {
  const tags: string[] = [];
  let next: string | URL | undefined = `/${repository}/tags/list?n=1000`;
  for (let page = 0; next !== undefined && page < pagesMax; page++) {
    const answer: HttpResponse = await get(next);
    if (answer.status === 404) throw new NotFound(await detailOf(answer));
    const bytes = await answer.bytes(pageBytesMax);
    const listed = answer.status === 200 ? tagsIn(bytes) : undefined;
    if (listed === undefined) throw new BadAnswer('registry-invalid-answer', 'no list of tags');
    tags.push(...listed);
    const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers['link'] ?? '')?.[1];
    next = link !== undefined && URL.canParse(link, answer.url.href) ? new URL(link, answer.url) : undefined;
  }
  return tags;
}

function tagsIn(bytes: Uint8Array): readonly string[] | undefined {
  try {
    const {tags} = JSON.parse(new TextDecoder().decode(bytes)) as {tags?: unknown};
    if (tags === null) return [];
    return Array.isArray(tags) && tags.every((tag) => typeof tag === 'string') ? tags : undefined;
  } catch {
    return undefined;
  }
}
