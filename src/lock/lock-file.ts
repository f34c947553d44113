// The lock file (docs/formats/lock-file.md): what every name that a build takes from outside meant when the lock was
// written. Sorted, so that its changes are easy to read.

import {type Digest, parseDigest} from '../oci/digest.ts';
import {byteOrder} from '../util/byte-order.ts';

export interface LockedImage {
  /** Normalised. */
  readonly reference: string;
  readonly platform: string;
  /** Of the platform's manifest. */
  readonly digest: Digest;
}

export interface LockedUrl {
  /** Without user and password. */
  readonly url: string;
  readonly digest: Digest;
}

export interface LockedGit {
  readonly remote: string;
  /** '' for the remote's own choice. */
  readonly ref: string;
  readonly commit: string;
}

export interface LockFile {
  readonly images: readonly LockedImage[];
  readonly urls: readonly LockedUrl[];
  readonly git: readonly LockedGit[];
}

export const emptyLock: LockFile = {images: [], urls: [], git: []};
const version = 1;

export function lockText({images, urls, git}: LockFile): string {
  const sorted = <T extends object>(entries: readonly T[]): T[] =>
    entries.toSorted((a, b) => byteOrder(JSON.stringify(a), JSON.stringify(b)));
  return `${JSON.stringify({version, images: sorted(images), urls: sorted(urls), git: sorted(git)}, null, 2)}\n`;
}

/** The lock, or what is wrong with the text. */
export function parseLock(text: string): LockFile | {readonly problem: string} {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return {problem: 'it is no JSON'};
  }
  const {version: number, images, urls, git} = (document ?? {}) as Readonly<Record<string, unknown>>;
  if (number !== version) return {problem: `its version is ${String(number)}, expected ${version}`};
  const lock = {
    images: entriesOf(images, ['reference', 'platform', 'digest']),
    urls: entriesOf(urls, ['url', 'digest']),
    git: entriesOf(git, ['remote', 'ref', 'commit']),
  };
  const bad = Object.entries(lock).find(([, entries]) => entries === undefined);
  if (bad !== undefined) return {problem: `${bad[0]} is no list of entries`};
  return lock as unknown as LockFile;
}

function entriesOf(value: unknown, keys: readonly string[]): readonly object[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const isEntry = (entry: unknown): entry is object =>
    typeof entry === 'object' &&
    entry !== null &&
    keys.every((key) => {
      const text = (entry as Readonly<Record<string, unknown>>)[key];
      if (typeof text !== 'string') return false;
      if (key === 'commit') return /^[0-9a-f]{40}$/.test(text);
      return key !== 'digest' || parseDigest(text) !== undefined;
    });
  return value.every(isEntry) ? value : undefined;
}

/** The lock without the entries that `name` means: a reference or the name in it, a URL, a repository. */
export function withoutEntries(lock: LockFile, name: string): LockFile {
  const isMeant = (text: string): boolean => {
    const repository = text.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
    const short = (full: string): string => full.replace(/^docker\.io\/(?:library\/)?/, '');
    return [text, repository, short(text), short(repository)].includes(name);
  };
  return {
    images: lock.images.filter(({reference}) => !isMeant(reference)),
    urls: lock.urls.filter(({url}) => url !== name),
    git: lock.git.filter(({remote, ref}) => remote !== name && `${remote}#${ref}` !== name),
  };
}
