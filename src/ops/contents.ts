// What a step reads of its inputs: which files a copy takes, what they hold, and a tree that the helper can read
// them from. A snapshot is immutable, so what was once learnt of it is remembered.

import {join} from 'node:path';
import {type Helper, type View, viewArguments} from '../helper/helper.ts';
import {digestOf} from '../oci/digest.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';
import {stampOf} from '../snapshot/stamp.ts';
import type {BuildValue} from '../sources/value.ts';
import type {FileLists} from '../store/file-lists.ts';
import type {Notes} from '../store/notes.ts';
import {contentDigestOf} from '../tree/content-digest.ts';
import {copyArgumentsOf} from '../tree/copy-arguments.ts';
import type {CopyPattern} from '../tree/copy-pattern.ts';
import {encodeFileList} from '../tree/file-list.ts';
import {ScanDecoder, secondNotBefore, type TreeRecord} from '../tree/record.ts';
import {scanArgumentsOf} from '../tree/scan-arguments.ts';
import {type Selection, selectScanning} from '../tree/select.ts';
import {type Scan, Tree} from '../tree/tree.ts';
import {assert} from '../util/assert.ts';
import {canonicalJson} from '../util/canonical-json.ts';
import {SingleFlight} from '../util/single-flight.ts';

export interface ContentsOptions {
  readonly snapshotter: Snapshotter;
  readonly helper: () => Promise<Helper>;
  readonly notes: Notes;
  readonly fileLists: FileLists;
}

export class Contents {
  readonly #options: ContentsOptions;
  readonly #digests = new SingleFlight<string, string>();
  readonly #materialised = new SingleFlight<string, SnapshotId>();

  constructor(options: ContentsOptions) {
    this.#options = options;
  }

  /** Content key of what `copy` takes from `value`. Throws BuildError('user') for a source that is not there. */
  async digestOfCopy(value: BuildValue, copy: CopyPattern, signal: AbortSignal): Promise<string> {
    if (value.type === 'local') return value.context.contentDigest(copy, signal);
    const {sources, parents, excludes, nameless} = copy;
    const plain = sources.map(({path, wildcard}) => ({path, wildcard}));
    const key = `${value.snapshot ?? ''} ${digestOf(canonicalJson({sources: plain, parents, excludes, nameless}))}`;
    const known = this.#options.notes.getText('content', key);
    if (known !== undefined) return known;
    return this.#digests.run(key, async () => {
      const selection = await this.#selectIn(value.snapshot, copy, true, signal);
      const digesting = {ownership: 'kept', digestOf: digestInRecord, nameless} as const;
      const digest = contentDigestOf(selection, digesting);
      this.#options.fileLists.keep(digest, () => encodeFileList(selection, digesting));
      this.#options.notes.set('content', key, digest);
      return digest;
    });
  }

  /** Content key of one path and all below it. */
  digestOfPath(value: BuildValue, path: string, signal: AbortSignal): Promise<string> {
    return this.digestOfCopy(value, onePath(path), signal);
  }

  /** What `copy` takes from `value`. */
  async select(value: BuildValue, copy: CopyPattern, signal: AbortSignal): Promise<Selection> {
    if (value.type === 'local') return (await value.context.select(copy, signal)).selection;
    return this.#selectIn(value.snapshot, copy, false, signal);
  }

  /**
   * A tree with `path` of the value in it. Of a local directory only what the ignore file leaves is there, owned
   * by root.
   */
  async viewOf(value: BuildValue, path: string, signal: AbortSignal): Promise<View> {
    if (value.type === 'snapshot') return this.#options.snapshotter.view(value.snapshot, signal);
    const {selection, contentDigest} = await value.context.select(onePath(path), signal);
    const snapshot = await this.#materialised.run(contentDigest, () =>
      this.#materialise(value.context.directory, selection, contentDigest, path, signal),
    );
    return this.#options.snapshotter.view(snapshot, signal);
  }

  async #materialise(
    directory: string,
    selection: Selection,
    contentDigest: string,
    path: string,
    signal: AbortSignal,
  ): Promise<SnapshotId> {
    const {snapshotter, notes} = this.#options;
    const key = `bound ${contentDigest} ${path}`;
    const known = notes.getText('content', key);
    if (known !== undefined && (await snapshotter.isWhole(known))) return known;
    const active = await snapshotter.prepare(undefined, signal);
    try {
      const helper = await this.#options.helper();
      const copies = selection.sources.flatMap((source) => [
        'action=copy',
        'view=1',
        ...copyArgumentsOf(source, source.kind === 'directory' ? join('/', path, '/') : join('/', path)),
        'contextowner=1',
      ]);
      // A step sees the directory itself, too: it is as new as what is in it, and not as the clock.
      const epoch = `epoch=${stampOf(active, newestSecondOf(selection))}`;
      const views = [`upper=${active.upper}`, epoch, 'view=1', `dir=${directory}`];
      await helper.request('copy', [...views, ...copies], {signal});
      const snapshot = await snapshotter.commit(active, {epochSeconds: 0});
      notes.set('content', key, snapshot);
      return snapshot;
    } catch (error) {
      snapshotter.discard(active);
      throw error;
    }
  }

  async #selectIn(
    snapshot: SnapshotId | undefined,
    copy: CopyPattern,
    digests: boolean,
    signal: AbortSignal,
  ): Promise<Selection> {
    const view = await this.#options.snapshotter.view(snapshot, signal);
    const helper = await this.#options.helper();
    // A further scan adds to what the earlier ones found.
    const scans: Scan[] = [];
    return selectScanning(copy, async (roots, namesOnly = false) => {
      const decoder = new ScanDecoder();
      const args = scanArgumentsOf(roots, {digests: digests && !namesOnly});
      await helper.request('scan', [...viewArguments(view), ...args], {
        signal,
        onData: (bytes) => decoder.push(bytes),
      });
      scans.push({asked: roots, walked: roots, pruned: [], records: decoder.finish()});
      return new Tree(scans);
    });
  }
}

/** One path and all below it, as a mount has it. */
export function onePath(path: string): CopyPattern {
  return {sources: [{path, wildcard: false}], parents: false, excludes: [], nameless: true};
}

function digestInRecord(record: TreeRecord): Uint8Array {
  assert(record.digest !== undefined, `the scan gave no digest for ${record.path}`);
  return record.digest;
}

/** Of files of the host. */
export function newestSecondOf({sources}: Selection): number {
  let newest = 0;
  for (const {entries} of sources)
    for (const entry of entries) newest = Math.max(newest, secondNotBefore(entry));
  return newest;
}
