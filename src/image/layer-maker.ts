// Which line of the Dockerfile made a layer, as the history of the image has it.

import type {ImageConfig} from '../oci/image-config.ts';

/** `layer` counts from 0; undefined where the history does not tell. */
export function makerOf({history = []}: ImageConfig, layer: number): string | undefined {
  return history.filter(({empty_layer}) => empty_layer !== true)[layer]?.created_by;
}
