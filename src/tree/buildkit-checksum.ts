// What BuildKit's contenthash makes of places in a tree, for caches that BuildKit has written: a file is the SHA-256 of
// docker's tarsum header (mode, size, type, link, device; neither name nor owner nor time) and its bytes; a directory
// that of its own header and its entries, each its name after a NUL and its digest. Patterns have had two forms. A tree
// with extended attributes has no checksum here: which of them counted differs from version to version. Pure.

import {createHash, type Hash} from 'node:crypto';
import {digestOf} from '../oci/digest.ts';
import {clampToRoot, compileMatch, base as nameOf} from '../util/go-path.ts';
import {encodePathText} from '../util/path-text.ts';
import {PatternMatcher} from './pattern-matcher.ts';
import {isDevice, isDirectory, isRegularFile, isSymlink, type TreeRecord} from './record.ts';
import {type Resolution, resolveInTree} from './resolve.ts';
import type {Tree} from './tree.ts';
import {keptEntries} from './walk-filter.ts';
import {splitAtWildcards} from './wildcards.ts';

/** A selector of BuildKit. */
export interface ChecksumPlace {
  /** Absolute and clean. */
  readonly path: string;
  readonly wildcard: boolean;
  /** The last component, too. */
  readonly followLinks: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** What differs between versions of BuildKit and kinds of trees. */
export interface ChecksumDialect {
  /** A local context that a client sent has nothing for the header of its root. */
  readonly hasRootHeader: boolean;
  /**
   * How what a pattern takes counts: at first each match by its digest alone, then with its name, and in
   * later versions file by file.
   */
  readonly matches: 'nameless' | 'named' | 'files';
}

export const checksumDialects: readonly ChecksumDialect[] = (['files', 'named', 'nameless'] as const).flatMap(
  (matches) => [true, false].map((hasRootHeader) => ({hasRootHeader, matches})),
);

/** Where a walk has to begin so that a tree tells of the place. */
export function walkRootOf({path, wildcard}: ChecksumPlace): string {
  return wildcard ? splitAtWildcards(path).prefix : clampToRoot(path);
}

/** The checksum has none for what is in the tree. */
class NoChecksum extends Error {}

export class UnscannedPart extends Error {
  readonly root: string;

  constructor(root: string) {
    super(`${root} was not scanned`);
    this.root = root;
  }
}

export class TreeChecksums {
  readonly #tree: Tree;
  readonly #fileDigest: (record: TreeRecord) => string;
  readonly #dialect: ChecksumDialect;

  /** `fileDigest` gives `sha256:…` of the header and the bytes of a regular file. */
  constructor(tree: Tree, fileDigest: (record: TreeRecord) => string, dialect: ChecksumDialect) {
    this.#tree = tree;
    this.#fileDigest = fileDigest;
    this.#dialect = dialect;
  }

  /** Undefined: there is none. Throws UnscannedPart when links lead out of what the tree tells of. */
  of(place: ChecksumPlace): string | undefined {
    try {
      return this.#of(place);
    } catch (error) {
      if (error instanceof NoChecksum) return undefined;
      throw error;
    }
  }

  #of(place: ChecksumPlace): string {
    const {path, wildcard, include, exclude, followLinks} = place;
    if (!wildcard && include.length + exclude.length === 0) return this.#at(path, followLinks);
    const taken = wildcard ? this.#matched(place) : this.#filtered(clampToRoot(path), place);
    const digests = taken.map((record): [string, string] => [
      nameOf(record.path === '.' ? '/' : record.path),
      followLinks && isSymlink(record) ? this.#at(record.path, true) : this.#ofTaken(record, place),
    ]);
    const [only, ...others] = digests;
    if (only === undefined) return sha256(createHash('sha256'));
    if (this.#dialect.matches === 'nameless' && wildcard) {
      return others.length === 0 ? only[1] : digestOf(digests.map(([, digest]) => digest).join('\0'));
    }
    if (others.length === 0 && only[0] === nameOf(path)) return only[1];
    const hash = createHash('sha256');
    for (const [index, [name, digest]] of digests.entries()) {
      if (index > 0) hash.update('\0');
      hash.update(encodePathText(name)).update(digest);
    }
    return sha256(hash);
  }

  /** File by file a directory is its header; as a whole it is all that is in it. */
  #ofTaken(record: TreeRecord, place: ChecksumPlace): string {
    return this.#isFileWise(place) ? this.#header(record) : this.#whole(record);
  }

  #isFileWise({include, exclude}: ChecksumPlace): boolean {
    return this.#dialect.matches === 'files' || include.length + exclude.length > 0;
  }

  #at(path: string, followLinks: boolean): string {
    const clean = clampToRoot(path);
    const plain = followLinks ? undefined : this.#tree.at(clean);
    if (plain !== undefined) return this.#whole(plain);
    return this.#whole(recordOf(resolveInTree(this.#tree, clean)));
  }

  #matched(place: ChecksumPlace): readonly TreeRecord[] {
    const {prefix, pattern} = splitAtWildcards(place.path);
    const start = resolveInTree(this.#tree, prefix);
    if (start.type === 'missing') return [];
    const top = recordOf(start);
    const matches = compileMatch(pattern);
    const below = this.#tree.below(top.path);
    const skipped = top.path === '.' ? 0 : top.path.length + 1;
    const taken: TreeRecord[] = [];
    let inside: string | undefined;
    for (const record of below) {
      if (inside !== undefined && record.path.startsWith(inside)) continue;
      if (!matches(record.path.slice(skipped))) continue;
      inside = `${record.path}/`;
      if (this.#isFileWise(place)) taken.push(...this.#filtered(record.path, place));
      else taken.push(record);
    }
    return taken;
  }

  /** A file or directory and what include and exclude patterns leave of what is in it. */
  #filtered(path: string, {include, exclude}: ChecksumPlace): readonly TreeRecord[] {
    const top = this.#tree.at(path) ?? recordOf(resolveInTree(this.#tree, path));
    if (!isDirectory(top)) return [top];
    const kept = keptEntries(this.#tree.below(top.path), {
      base: top.path,
      include: include.length === 0 ? undefined : new PatternMatcher(include),
      exclude: exclude.length === 0 ? undefined : new PatternMatcher(exclude),
    });
    const isTaken = top.path !== '.' && (include.length === 0 || kept.length > 0);
    return isTaken ? [top, ...kept] : kept;
  }

  #whole(record: TreeRecord): string {
    if (!isDirectory(record)) return this.#header(record);
    const entries = this.#tree.below(record.path);
    return this.#directory(record, entries, 0, entries.length);
  }

  #directory(record: TreeRecord, entries: readonly TreeRecord[], from: number, end: number): string {
    const hash = createHash('sha256').update('\0').update(this.#header(record));
    for (let at = from; at < end; ) {
      const entry = entries[at];
      if (entry === undefined) break;
      let next = at + 1;
      const prefix = `${entry.path}/`;
      while (next < end && entries[next]?.path.startsWith(prefix) === true) next++;
      hash.update('\0').update(encodePathText(nameOf(entry.path)));
      hash.update(isDirectory(entry) ? this.#directory(entry, entries, at + 1, next) : this.#header(entry));
      at = next;
    }
    return sha256(hash);
  }

  /** Of a directory only itself, of anything else all of it. */
  #header(record: TreeRecord): string {
    if (record.attributes !== undefined) throw new NoChecksum();
    if (isRegularFile(record)) return this.#fileDigest(record);
    if (record.path === '.' && !this.#dialect.hasRootHeader) return sha256(createHash('sha256'));
    const type = typeflagOf(record);
    if (type === undefined) throw new NoChecksum();
    const [major, minor] = isDevice(record) ? [record.rdevMajor, record.rdevMinor] : [0, 0];
    const hash = createHash('sha256');
    hash.update(`namemode${record.mode & 0o7777}uid0gid0size0typeflag${type}linkname`);
    hash.update(encodePathText(record.linkTarget)).update(`unamegnamedevmajor${major}devminor${minor}`);
    return sha256(hash);
  }
}

function recordOf(resolution: Resolution): TreeRecord {
  if (resolution.type === 'unscanned') throw new UnscannedPart(resolution.path);
  if (resolution.type === 'missing' || resolution.record === undefined) throw new NoChecksum();
  return resolution.record;
}

/** By type bits. */
const typeflags: ReadonlyMap<number, string> = new Map([
  [0o120000, '2'],
  [0o020000, '3'],
  [0o060000, '4'],
  [0o040000, '5'],
  [0o010000, '6'],
]);

function typeflagOf({mode}: TreeRecord): string | undefined {
  return typeflags.get(mode & 0o170000);
}

function sha256(hash: Hash): string {
  return `sha256:${hash.digest('hex')}`;
}
