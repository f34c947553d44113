// A solved plan as an image that exporters can ask for layers and files.

import type {InlineCache} from '../cache/inline/inline-cache.ts';
import type {BuiltImage, ImageLayer} from '../exporters/exporter.ts';
import {normalisePlatform} from '../oci/platform.ts';
import type {Plan} from '../plan/plan.ts';
import {isUsual, type LayerFormat, usualFormat} from '../snapshot/layer-format.ts';
import {isImported, type LayerRow, type SnapshotId} from '../snapshot/layer-table.ts';
import type {WrittenLayer} from '../snapshot/layer-writer.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';
import {mapLimited} from '../util/map-limited.ts';

/** A large layer keeps every core busy by itself; small ones wait for the disk more than for the processor. */
const packsMax = 4;

export function builtImage(
  plan: Plan,
  snapshot: SnapshotId | undefined,
  snapshotter: Snapshotter,
  inline?: InlineCache,
): BuiltImage {
  const rows = snapshot === undefined ? [] : snapshotter.layerRowsOf(snapshot);
  return {
    platform: normalisePlatform(plan.platform),
    config: plan.config,
    history: plan.history,
    ...(plan.epochSeconds === undefined ? {} : {epochSeconds: plan.epochSeconds}),
    layerTimesMs: rows.map(({createdMs}) => createdMs),
    baseLayerCount: importedCount(rows),
    layers: async (signal, {format = usualFormat, squashAbove, lazy = false} = {}) => {
      if (snapshot === undefined) return [];
      // Then the layers of the base image are written anew from their files.
      if (format.compression === 'estargz' && format.force) await snapshotter.view(snapshot, signal);
      const blobOf = oncePerBlob(format, (row) => snapshotter.blobOf(row.id, signal, format, row));
      const layers = await mapLimited(
        snapshotter.layerRowsOf(snapshot).slice(0, squashAbove),
        packsMax,
        async (row): Promise<ImageLayer> => {
          const {id} = row;
          const elsewhere = lazy && !format.force ? await snapshotter.remoteBlobOf(id) : undefined;
          if (elsewhere === undefined) return blobOf(row);
          const {source, ...layer} = elsewhere;
          return {...layer, remote: {source, fetch: (until) => snapshotter.blobOf(id, until)}};
        },
      );
      return squashAbove === undefined
        ? layers
        : [...layers, await snapshotter.squashedBlobOf(snapshot, squashAbove, format, signal)];
    },
    ...(inline === undefined || snapshot === undefined
      ? {}
      : {
          configMembers: (layers) =>
            inline.members(
              snapshot,
              layers.map(({diffId}) => diffId),
            ),
        }),
    rootView: (signal) => snapshotter.view(snapshot, signal),
  };
}

/** How many of the lowest layers came with an image. */
function importedCount(layers: readonly LayerRow[]): number {
  const own = layers.findIndex((layer) => !isImported(layer));
  return own === -1 ? layers.length : own;
}

/** Layers that changed nothing all have one blob, which is looked for once. */
function oncePerBlob(
  format: LayerFormat,
  blobOf: (row: LayerRow) => Promise<WrittenLayer>,
): (row: LayerRow) => Promise<WrittenLayer> {
  const known = new Map<string, Promise<WrittenLayer>>();
  return (row) => {
    if (row.blob === undefined || isImported(row) || !isUsual(format)) return blobOf(row);
    const key = `${row.diffId} ${row.blob.digest}`;
    const before = known.get(key) ?? blobOf(row);
    known.set(key, before);
    return before;
  };
}
