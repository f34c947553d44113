// A solved plan as an image that exporters can ask for layers and files.

import type {BuiltImage} from '../exporters/exporter.ts';
import {normalisePlatform} from '../oci/platform.ts';
import type {Plan} from '../plan/plan.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';
import {mapLimited} from '../util/map-limited.ts';

/** A large layer keeps every core busy by itself; small ones wait for the disk more than for the processor. */
const packsMax = 4;

export function builtImage(
  plan: Plan,
  snapshot: SnapshotId | undefined,
  snapshotter: Snapshotter,
): BuiltImage {
  const ids = snapshot === undefined ? [] : snapshotter.layersOf(snapshot);
  return {
    platform: normalisePlatform(plan.platform),
    config: plan.config,
    history: plan.history,
    ...(plan.epochSeconds === undefined ? {} : {epochSeconds: plan.epochSeconds}),
    layerTimesMs: ids.map((id) => snapshotter.createdMsOf(id)),
    layers: (signal, lazy = false) =>
      mapLimited(ids, packsMax, async (id) => {
        const elsewhere = lazy ? await snapshotter.remoteBlobOf(id) : undefined;
        if (elsewhere === undefined) return snapshotter.blobOf(id, signal);
        const {source, ...layer} = elsewhere;
        return {...layer, remote: {source, fetch: (until) => snapshotter.blobOf(id, until)}};
      }),
    rootView: (signal) => snapshotter.view(snapshot, signal),
  };
}
