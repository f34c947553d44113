// What the snapshotter needs from whoever can fetch layers (src/sources/registry): the compressed bytes of a blob,
// and how to undo a compression. Interfaces of the consumer; wired in src/build.

import type {Descriptor} from '../oci/descriptor.ts';
import type {LayerCompression} from '../oci/media-types.ts';
import type {BlobSink} from '../store/blob-sink.ts';
import {errorText} from '../util/error-text.ts';

export interface LayerSource {
  /** The blob's bytes from `into.size` on; whoever takes them verifies them. */
  fetch(
    source: string,
    blob: Descriptor,
    into: Pick<BlobSink, 'size' | 'digest'>,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /** The tar; with `leave`, of a layer that is in gzip its bytes as they are. */
  decompress(
    kind: LayerCompression,
    bytes: AsyncIterable<Uint8Array>,
    leave?: 'gzip',
  ): AsyncIterable<Uint8Array>;
}

/** Progress of one layer that is fetched or unpacked. */
export type OnLayerProgress = (event: {
  readonly layer: string;
  readonly blob: Descriptor;
  readonly currentBytes: number;
  /** All of it is here, and verified. */
  readonly done: boolean;
  /** Another process is at it: the next event comes when that has made it, or has died. */
  readonly isWaiting?: true;
}) => void;

/** Begins the source of a layer that only a shared cache has; image references never look like that. */
export const cacheSourcePrefix = 'cache:';

export function isCacheSource(source: string | undefined): source is string {
  return source?.startsWith(cacheSourcePrefix) === true;
}

/** Of a layer that came with an image of a registry. */
export function isImageSource(source: string | undefined): source is string {
  return source !== undefined && !isCacheSource(source);
}

/** A shared cache does not give what it promised. The step that made the layer can be run instead. */
export class LostLayer extends Error {
  override readonly name = 'LostLayer';
  readonly source: string;

  constructor(source: string, cause: unknown) {
    super(errorText(cause), {cause});
    this.source = source;
  }
}
