// Which instruction made a layer, as the history of the image has it.

import type {ImageConfig} from '../oci/image-config.ts';

/** `layer` counts from 0; undefined where the history does not tell. */
export function makerOf(config: ImageConfig, layer: number): string | undefined {
  return config.history?.[makerPlace(config, layer)]?.created_by;
}

/** Its place in the history; -1 where that does not tell. */
export function makerPlace({history = []}: ImageConfig, layer: number): number {
  let left = layer;
  return history.findIndex(({empty_layer}) => empty_layer !== true && left-- === 0);
}
