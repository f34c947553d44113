// What each layer of an image adds, changes, hides and wastes, and which instruction made it.

import type {LocalBlobStore} from '../store/blob-store.ts';
import type {ImageDetails} from '../store/image-store.ts';
import {type Change, FileTree} from './file-tree.ts';
import {layerFiles} from './layer-files.ts';
import {makerOf} from './layer-maker.ts';

export interface LayerReport {
  readonly diffId: string;
  readonly digest: string;
  /** As stored. */
  readonly size: number;
  /** Of all files in it. */
  readonly unpackedBytes: number;
  readonly createdBy: string;
  readonly counts: Readonly<Record<Change['what'], number>>;
  /** Empty unless they were asked for: an image may have a million. */
  readonly changes: readonly Change[];
  /** Bytes in it that layers above replace or remove: they are sent and stored for nothing. */
  readonly wastedBytes: number;
  /** Bytes in it that only repeat the content of a file below. */
  readonly repeatedBytes: number;
}

/** Bottom first. */
export async function layerReports(
  {content, config}: ImageDetails,
  blobs: LocalBlobStore,
  {withChanges, signal}: {readonly withChanges: boolean; readonly signal: AbortSignal},
): Promise<readonly LayerReport[]> {
  const tree = new FileTree();
  const reports: Omit<LayerReport, 'wastedBytes'>[] = [];
  for (const [index, layer] of content.layers.entries()) {
    const changes: Change[] = [];
    const counts = {added: 0, changed: 0, removed: 0};
    let unpackedBytes = 0;
    let repeatedBytes = 0;
    for await (const file of layerFiles(layer, blobs, signal)) {
      if (file.kind === 'file') unpackedBytes += file.size;
      const change = tree.apply(file, index);
      if (change === undefined) continue;
      counts[change.what]++;
      if (change.repeats) repeatedBytes += change.size;
      if (withChanges) changes.push(change);
    }
    reports.push({
      diffId: config.rootfs.diff_ids[index] ?? '',
      digest: layer.digest,
      size: layer.size,
      unpackedBytes,
      createdBy: makerOf(config, index) ?? '',
      counts,
      changes,
      repeatedBytes,
    });
  }
  return reports.map((report, index) => ({...report, wastedBytes: tree.hiddenBytesOf(index)}));
}
