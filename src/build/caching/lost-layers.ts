// Solving with results that only a shared cache has. What it does not give when it is needed is forgotten, and the
// build solved again: what was finished is found, and the steps whose layers were lost run.

import {isCacheSource, LostLayer} from '../../snapshot/layer-source.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {Snapshotter} from '../../snapshot/snapshotter.ts';
import {mapLimited} from '../../util/map-limited.ts';

/** Sources that one build may lose. More there are not. */
const lossesMax = 20;
const fetchesMax = 4;

export async function solvingAgain<T>(
  snapshotter: Snapshotter,
  onLost: (lost: LostLayer) => void,
  work: () => Promise<T>,
): Promise<T> {
  for (let losses = 0; ; losses++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LostLayer) || losses === lossesMax) throw error;
      snapshotter.forgetSource(error.source);
      onLost(error);
    }
  }
}

/** Fetches what exporters will ask for, while a loss can still be made good. */
export async function bringLayers(
  snapshotter: Snapshotter,
  results: readonly SnapshotId[],
  signal: AbortSignal,
): Promise<void> {
  const rows = results.flatMap((result) => snapshotter.layerRowsOf(result));
  const remote = new Set(rows.filter(({source}) => isCacheSource(source)).map(({id}) => id));
  await mapLimited([...remote], fetchesMax, (layer) => snapshotter.blobOf(layer, signal));
}
