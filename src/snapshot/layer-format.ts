// How a layer is to be written. The usual format is that of the cache; every other one is made for an export that asks
// for it, from the same files.

import type {LayerCompression} from '../oci/media-types.ts';

export interface LayerFormat {
  readonly compression: LayerCompression | 'estargz';
  /** Undefined: the compression's usual one. */
  readonly level?: number;
  /** Layers of the base image too are written so; otherwise they stay as they came. */
  readonly force: boolean;
  /** In seconds: no file of the layer is younger; those of base images stay as they are. */
  readonly latestSeconds?: number;
}

export const usualFormat: LayerFormat = {compression: 'gzip', force: false};

/** Whether a layer that is made here looks the same as in the usual format. */
export function isUsual({compression, level, latestSeconds}: LayerFormat): boolean {
  return compression === usualFormat.compression && level === undefined && latestSeconds === undefined;
}

/** Layers of the same files and the same text here are the same bytes. */
export function formatText({compression, level, latestSeconds}: LayerFormat): string {
  return [compression, level ?? '', latestSeconds ?? ''].join(':');
}
