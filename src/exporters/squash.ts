// An image with fewer layers: those above the base image (`stage`, as docker build --squash) or all of them become
// one. The history keeps every line, as lines without a layer, and one more for the layer that has it all.

import type {HistoryEntry} from '../oci/image-config.ts';
import type {BuiltImage} from './exporter.ts';
import type {Squash} from './image-options.ts';

export function squashed(image: BuiltImage, squash: Squash | undefined): BuiltImage {
  if (squash === undefined) return image;
  const above = squash === 'all' ? 0 : image.baseLayerCount;
  const count = image.layerTimesMs.length - above;
  // One layer is what it would become.
  if (count < 2) return image;
  return {
    ...image,
    history: squashedHistory(image.history, above, count),
    layerTimesMs: [...image.layerTimesMs.slice(0, above), ...image.layerTimesMs.slice(-1)],
    layers: (signal, wish = {}) => image.layers(signal, {...wish, squashAbove: above}),
  };
}

function squashedHistory(history: readonly HistoryEntry[], above: number, count: number): HistoryEntry[] {
  let layer = 0;
  const lines = history.map((entry): HistoryEntry => {
    if (entry.empty_layer === true) return entry;
    return layer++ < above ? entry : {...entry, empty_layer: true};
  });
  return [...lines, {comment: `squashed ${count} layers`}];
}
