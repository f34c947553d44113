// What BuildKit's contenthash says of places in an input, in all the ways that versions of it had: for caches that it
// has written (tree/buildkit-checksum.ts). Files are read anew, since what it hashes begins with a header.

import {type Helper, type View, viewArguments} from '../helper/helper.ts';
import {digestOf} from '../oci/digest.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';
import {digestBatches} from '../sources/local/file-digests.ts';
import type {BuildValue} from '../sources/value.ts';
import {
  type ChecksumDialect,
  type ChecksumPlace,
  checksumDialects,
  TreeChecksums,
  UnscannedPart,
  walkRootOf,
} from '../tree/buildkit-checksum.ts';
import {minimalRoots} from '../tree/copy-pattern.ts';
import {ScanDecoder, type TreeRecord} from '../tree/record.ts';
import {scanArgumentsOf} from '../tree/scan-arguments.ts';
import {type Scan, Tree} from '../tree/tree.ts';

const digestBytes = 32;
// Twice what one path can have of symlinks.
const roundsMax = 512;
const whole: ChecksumPlace = {path: '/', wildcard: false, followLinks: false, include: [], exclude: []};

export class BuildkitChecksums {
  readonly #snapshotter: Snapshotter;
  readonly #helper: () => Promise<Helper>;

  constructor(snapshotter: Snapshotter, helper: () => Promise<Helper>) {
    this.#snapshotter = snapshotter;
    this.#helper = helper;
  }

  /** No place: all of it. None: a place is not there, or has what has no checksum. */
  async of(
    value: BuildValue,
    places: readonly ChecksumPlace[],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const wanted = places.length === 0 ? [whole] : places;
    const view: View =
      value.type === 'local'
        ? {dir: value.context.directory}
        : await this.#snapshotter.view(value.snapshot, signal);
    const roots = minimalRoots(wanted.map(walkRootOf));
    for (let round = 0; round < roundsMax; round++) {
      const tree =
        value.type === 'local'
          ? await value.context.treeOf(roots, signal)
          : await this.#scan(view, roots, signal);
      try {
        const {records, checksums} = await this.#ofTree(tree, wanted, view, signal);
        // Somebody may have edited a file since its content was taken for our own key.
        const isSame = value.type !== 'local' || (await value.context.areUnchanged(records, roots, signal));
        return isSame ? checksums : [];
      } catch (error) {
        if (!(error instanceof UnscannedPart)) throw error;
        roots.push(error.root);
      }
    }
    return [];
  }

  async #ofTree(
    tree: Tree,
    places: readonly ChecksumPlace[],
    view: View,
    signal: AbortSignal,
  ): Promise<{readonly records: readonly TreeRecord[]; readonly checksums: readonly string[]}> {
    // Versions differ in what a pattern takes.
    const isPlain = places.every(
      ({wildcard, include, exclude}) => !wildcard && include.length + exclude.length === 0,
    );
    const dialects = isPlain ? checksumDialects.filter(({matches}) => matches === 'files') : checksumDialects;
    const needed = new Set<TreeRecord>();
    const collect = (record: TreeRecord): string => {
      needed.add(record);
      return '';
    };
    for (const dialect of dialects) checksumOf(tree, collect, dialect, places);
    const records = [...needed];
    const digests = await this.#digestsOf(records, view, signal);
    const found = dialects.flatMap(
      (dialect) => checksumOf(tree, (record) => digests.get(record) ?? '', dialect, places) ?? [],
    );
    return {records, checksums: [...digests.values()].includes('') ? [] : [...new Set(found)]};
  }

  /** '' for a file that cannot be read. */
  async #digestsOf(
    records: readonly TreeRecord[],
    view: View,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<TreeRecord, string>> {
    const digests = new Map<TreeRecord, string>();
    if (records.length === 0) return digests;
    const helper = await this.#helper();
    for (const batch of digestBatches(records)) {
      const parts: Uint8Array[] = [];
      const files = batch.map(({path}) => `file=${path}`);
      await helper.request('digest', [...viewArguments(view), 'tarsum=1', ...files], {
        signal,
        onData: (bytes) => parts.push(Uint8Array.from(bytes)),
      });
      const all = Buffer.concat(parts);
      for (const [index, record] of batch.entries()) {
        const digest = all.subarray(index * digestBytes, (index + 1) * digestBytes);
        digests.set(record, digest.every((byte) => byte === 0) ? '' : `sha256:${digest.toString('hex')}`);
      }
    }
    return digests;
  }

  async #scan(view: View, roots: readonly string[], signal: AbortSignal): Promise<Tree> {
    const helper = await this.#helper();
    const decoder = new ScanDecoder();
    await helper.request('scan', [...viewArguments(view), ...scanArgumentsOf(roots)], {
      signal,
      onData: (bytes) => decoder.push(bytes),
    });
    const scan: Scan = {asked: roots, walked: roots, pruned: [], records: decoder.finish()};
    return new Tree([scan]);
  }
}

function checksumOf(
  tree: Tree,
  fileDigest: (record: TreeRecord) => string,
  dialect: ChecksumDialect,
  places: readonly ChecksumPlace[],
): string | undefined {
  const checksums = new TreeChecksums(tree, fileDigest, dialect);
  const each = places.flatMap((place) => checksums.of(place) ?? []);
  return each.length < places.length ? undefined : digestOf(each.join('\0'));
}
