// What is worth remembering between pushes: which repositories of a registry have a blob, so that another repository
// there can take it from them without a byte being sent; and where an upload was that did not come to its end. Losing
// it costs time, and wrong memories cost one request.

import type {Digest} from '../../../oci/digest.ts';
import type {Notes} from '../../../store/notes.ts';

export interface PushMemory {
  /** Repositories of `domain` that had the blob, the newest first. */
  repositoriesWith(domain: string, digest: Digest): readonly string[];
  sawBlob(domain: string, repository: string, digest: Digest): void;
  unfinishedUpload(domain: string, repository: string, digest: Digest): URL | undefined;
  /** `undefined`: it is over. */
  keepUpload(domain: string, repository: string, digest: Digest, location: URL | undefined): void;
}

/** Remembers nothing. */
export const noPushMemory: PushMemory = {
  repositoriesWith: () => [],
  sawBlob: () => {},
  unfinishedUpload: () => undefined,
  keepUpload: () => {},
};

const repositoriesMax = 8;

/** The memory of a state directory. */
export function pushMemoryIn(notes: Notes): PushMemory {
  const repositoriesWith = (domain: string, digest: Digest): readonly string[] =>
    (notes.getText('blob-home', `${domain} ${digest}`) ?? '').split(' ').filter((name) => name !== '');
  const uploadKey = (domain: string, repository: string, digest: Digest): string =>
    `${domain}/${repository} ${digest}`;
  return {
    repositoriesWith,
    sawBlob(domain, repository, digest) {
      const known = repositoriesWith(domain, digest);
      if (known[0] === repository) return;
      const names = [repository, ...known.filter((name) => name !== repository)].slice(0, repositoriesMax);
      notes.set('blob-home', `${domain} ${digest}`, names.join(' '));
    },
    unfinishedUpload(domain, repository, digest) {
      const text = notes.getText('upload', uploadKey(domain, repository, digest)) ?? '';
      return URL.canParse(text) ? new URL(text) : undefined;
    },
    keepUpload(domain, repository, digest, location) {
      const key = uploadKey(domain, repository, digest);
      if (location === undefined) notes.delete('upload', key);
      else notes.set('upload', key, location.href);
    },
  };
}
