// What holds the space of a state directory whose cap cannot be kept: said in the one error of a build that ends so.

import type {Item} from './item.ts';
import {totalBytes} from './selection.ts';

export interface Holder {
  readonly what: string;
  readonly bytes: number;
}

/** Of what is left after everything went that could; the largest first. */
export function holdersOf(items: readonly Item[], makingBytes: number): readonly Holder[] {
  const images = items.filter(({pinned}) => pinned !== undefined);
  const others = items.filter((item) => item.pinned === undefined);
  const mounts = others.filter(({type}) => type === 'exec.cachemount');
  const layers = others.filter(({type}) => type !== 'exec.cachemount');
  const withImages = totalBytes([...images, ...layers]);
  return [
    {what: 'images with a name', bytes: totalBytes(images)},
    {what: 'layers and files that running builds use', bytes: withImages - totalBytes(images)},
    {what: 'cache mounts of running steps', bytes: totalBytes(mounts)},
    {what: 'what running steps have written, and the database', bytes: makingBytes},
  ]
    .filter(({bytes}) => bytes > 0)
    .toSorted((a, b) => b.bytes - a.bytes);
}
