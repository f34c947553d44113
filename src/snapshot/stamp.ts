// What tells the files of one step from those of the others, and needs no clock.

import type {ActiveSnapshot} from './snapshotter.ts';

/**
 * The time that a step gives to what it wrote: the epoch in seconds (docs/adr/0006), which is all that a layer tar
 * keeps, and as nanoseconds the height of the layer in its stack. So a file that a later step writes again differs from
 * the one below it, though both have the same epoch, and no clock is needed to tell.
 */
export function stampOf(active: Pick<ActiveSnapshot, 'height'>, epochSeconds: number): string {
  return `${epochSeconds}.${String(active.height).padStart(9, '0')}`;
}
