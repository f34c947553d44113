// An archive as a tree: unpacked once into a snapshot, remembered by the digest of its bytes. Owners, modes and times
// are the archive's.

import {type Helper, type View, viewArguments} from '../../helper/helper.ts';
import type {Digest} from '../../oci/digest.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {Snapshotter} from '../../snapshot/snapshotter.ts';
import type {Notes} from '../../store/notes.ts';
import {isRegularFile, ScanDecoder, secondNotBefore, type TreeRecord} from '../../tree/record.ts';

export interface ArchiveTreesOptions {
  readonly snapshotter: Snapshotter;
  readonly helper: () => Promise<Helper>;
  readonly notes: Notes;
}

export interface Archive {
  readonly digest: Digest;
  /** Where the file is; asked for when it was not unpacked before. */
  view(): Promise<View>;
  readonly name: string;
}

/** Gives the snapshot of what is in the archive. */
export async function unpackedTree(
  {digest, view, name}: Archive,
  options: ArchiveTreesOptions,
  signal: AbortSignal,
): Promise<SnapshotId> {
  const {snapshotter, notes} = options;
  const known = notes.getText('archive', digest);
  if (known !== undefined && (await snapshotter.isWhole(known))) return known;
  const active = await snapshotter.prepare(undefined, signal);
  try {
    const helper = await options.helper();
    const copy = ['action=copy', 'view=1', `source=${name}`, 'destination=/', 'unpack=1'];
    await helper.request(
      'copy',
      [`upper=${active.upper}`, 'view=1', ...viewArguments(await view()), ...copy],
      {signal},
    );
    const snapshot = await snapshotter.commit(active, {
      epochSeconds: await newestIn(active.upper, helper, signal),
    });
    notes.set('archive', digest, snapshot);
    return snapshot;
  } catch (error) {
    snapshotter.discard(active);
    throw error;
  }
}

/** The regular files of a tree. */
export async function filesIn(
  snapshot: SnapshotId,
  {snapshotter, helper}: ArchiveTreesOptions,
  signal: AbortSignal,
): Promise<readonly TreeRecord[]> {
  const view = viewArguments(await snapshotter.view(snapshot, signal));
  return (await scanned(view, await helper(), signal)).filter(isRegularFile);
}

/** Steps that take something of the tree stamp what they make with its newest time (docs/adr/0006). */
async function newestIn(directory: string, helper: Helper, signal: AbortSignal): Promise<number> {
  let newest = 0;
  for (const entry of await scanned([`dir=${directory}`], helper, signal)) {
    // The root has no header of its own, and the time of its making.
    if (entry.path !== '.') newest = Math.max(newest, secondNotBefore(entry));
  }
  return newest;
}

async function scanned(
  view: readonly string[],
  helper: Helper,
  signal: AbortSignal,
): Promise<readonly TreeRecord[]> {
  const decoder = new ScanDecoder();
  await helper.request('scan', view, {signal, onData: (bytes) => decoder.push(bytes)});
  return decoder.finish();
}
