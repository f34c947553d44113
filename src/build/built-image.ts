// A solved plan as an image that exporters can ask for layers and files.

import type {InlineCache} from '../cache/inline/inline-cache.ts';
import type {BuiltImage, ImageLayer} from '../exporters/exporter.ts';
import {normalisePlatform} from '../oci/platform.ts';
import type {Plan} from '../plan/plan.ts';
import {usualFormat} from '../snapshot/layer-format.ts';
import {isImported, type LayerId, type SnapshotId} from '../snapshot/layer-table.ts';
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
  const ids = snapshot === undefined ? [] : snapshotter.layersOf(snapshot);
  return {
    platform: normalisePlatform(plan.platform),
    config: plan.config,
    history: plan.history,
    ...(plan.epochSeconds === undefined ? {} : {epochSeconds: plan.epochSeconds}),
    layerTimesMs: ids.map((id) => snapshotter.layerRow(id).createdMs),
    baseLayerCount: importedCount(ids, snapshotter),
    layers: async (signal, {format = usualFormat, squashAbove, lazy = false} = {}) => {
      if (snapshot === undefined) return [];
      // Then the layers of the base image are written anew from their files.
      if (format.compression === 'estargz' && format.force) await snapshotter.view(snapshot, signal);
      const layers = await mapLimited(
        ids.slice(0, squashAbove),
        packsMax,
        async (id): Promise<ImageLayer> => {
          const elsewhere = lazy && !format.force ? await snapshotter.remoteBlobOf(id) : undefined;
          if (elsewhere === undefined) return snapshotter.blobOf(id, signal, format);
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
function importedCount(layers: readonly LayerId[], snapshotter: Snapshotter): number {
  const own = layers.findIndex((layer) => !isImported(snapshotter.layerRow(layer)));
  return own === -1 ? layers.length : own;
}
