// A docker or podman of this machine as a place for images: what it says of itself and of the layers it has, and how
// an archive gets into it.

import type {DiffId} from '../oci/digest.ts';

/** Takes bytes in order; resolves when it has done with them and the next may come. */
export type WriteBytes = (chunk: Uint8Array) => Promise<void>;

export interface Daemon {
  /** For messages: `docker`, `podman`. */
  readonly name: string;
  /** It keeps the images of several platforms under one name. */
  readonly keepsIndexes: boolean;
  /** Layers may be compressed with zstd. */
  readonly readsZstd: boolean;
  /** The layers of each of its images, bottom first. An archive may leave such out. */
  layerStacks(signal: AbortSignal): Promise<readonly (readonly DiffId[])[]>;
  /** Throws BuildError when it refuses the archive, or is not there any more. */
  load(produce: (write: WriteBytes) => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** How many of the lowest of `layers` one of `stacks` has in the same place. */
export function commonLayers(layers: readonly DiffId[], stacks: readonly (readonly DiffId[])[]): number {
  let most = 0;
  for (const stack of stacks) {
    let count = 0;
    while (count < layers.length && layers[count] === stack[count]) count++;
    most = Math.max(most, count);
  }
  return most;
}
