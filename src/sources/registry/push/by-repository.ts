// Names that something is pushed under, repository by repository: blobs go to each of them once.

import {type Reference, repositoryName} from '../../../oci/reference.ts';

export interface RepositoryTags {
  /** Without a tag. */
  readonly repository: Reference;
  /** Each once; none where it is pushed by digest. */
  readonly tags: readonly string[];
}

export function byRepository(references: readonly Reference[]): readonly RepositoryTags[] {
  const found = new Map<string, {repository: Reference; tags: string[]}>();
  for (const reference of references) {
    const {domain, path, tag} = reference;
    const name = repositoryName(reference);
    const known = found.get(name) ?? {repository: {domain, path}, tags: []};
    found.set(name, known);
    if (tag !== undefined && !known.tags.includes(tag)) known.tags.push(tag);
  }
  return [...found.values()];
}
