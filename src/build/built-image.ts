// A solved plan as an image that exporters can ask for layers and files.

import type {BuiltImage, ImageLayer} from '../exporters/exporter.ts';
import type {Plan} from '../plan/plan.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';

export function builtImage(
  plan: Plan,
  snapshot: SnapshotId | undefined,
  snapshotter: Snapshotter,
): BuiltImage {
  const ids = snapshot === undefined ? [] : snapshotter.layersOf(snapshot);
  return {
    platform: plan.platform,
    config: plan.config,
    history: plan.history,
    ...(plan.epochSeconds === undefined ? {} : {epochSeconds: plan.epochSeconds}),
    layerTimesMs: ids.map((id) => snapshotter.createdMsOf(id)),
    layers: async (signal) => {
      const layers: ImageLayer[] = [];
      // One after the other: packing a layer keeps every core busy by itself.
      for (const id of ids) layers.push(await snapshotter.blobOf(id, signal));
      return layers;
    },
    rootView: (signal) => snapshotter.view(snapshot, signal),
  };
}
