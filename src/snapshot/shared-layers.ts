// Layers that a shared cache says it has. They are not mixed with layers of images: what the cache promises for a
// content is believed only by who asked the cache, and a base image pulled later is fetched from its own registry.

import {hash} from 'node:crypto';
import type {Descriptor} from '../oci/descriptor.ts';
import {type DiffId, hexOf} from '../oci/digest.ts';
import type {LayerId, LayerTable, SnapshotId} from './layer-table.ts';

export interface SharedLayer {
  readonly diffId: DiffId;
  readonly blob: Descriptor;
  /** Of a base image: to be here already, as this build knows its images before it asks for records. */
  readonly isBase: boolean;
  readonly epochSeconds: number;
  readonly createdMs: number;
}

export interface SharedStackOptions {
  readonly table: LayerTable;
  readonly bootId: string;
  isWhole(layer: LayerId): Promise<boolean>;
}

/** The stack as a snapshot, bottom first; undefined: a layer of a base image is not known here. */
export async function addSharedStack(
  layers: readonly SharedLayer[],
  source: string,
  {table, bootId, isWhole}: SharedStackOptions,
): Promise<SnapshotId | undefined> {
  let parent: SnapshotId | undefined;
  for (const {diffId, blob, isBase, epochSeconds, createdMs} of layers) {
    const ofImage = hexOf(diffId);
    const text = `${parent ?? ''} ${diffId} ${blob.digest} ${epochSeconds}`;
    const own = hash('sha256', text, 'hex');
    const isKnown = await isWhole(ofImage);
    if (isBase && !isKnown) return undefined;
    const layer = isKnown ? ofImage : own;
    if (!isKnown) {
      const {mediaType, digest, size} = blob;
      const row = {
        id: own,
        hasDirectory: false,
        diffId,
        blob: {mediaType, digest, size},
        source,
        createdMs,
        bootId,
      };
      table.add([{...row, durable: false}], []);
      if (!(await isWhole(own))) table.setPromise(own, diffId, row.blob, source);
    }
    // A layer's own snapshot has its name, by which packing finds what it was made on.
    table.add([], [{id: own, parent, layer, epochSeconds}]);
    parent = own;
  }
  return parent;
}
