// What a stored layer holds: its entries in order, regular files with the digest of their content.

import {createHash} from 'node:crypto';
import type {Descriptor} from '../oci/descriptor.ts';
import {layerCompressionOf} from '../oci/media-types.ts';
import {decompress} from '../sources/registry/decompress.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import {readTar, type TarEntry} from './tar-reader.ts';

export interface LayerFile extends TarEntry {
  /** sha256 of the content, in hex; '' of what has none. */
  readonly contentHash: string;
}

/** Throws BuildError when the blob is not in the store, or is no layer. */
export async function* layerFiles(
  {digest, mediaType}: Descriptor,
  blobs: LocalBlobStore,
  signal: AbortSignal,
): AsyncGenerator<LayerFile> {
  const bytes = decompress(layerCompressionOf(mediaType) ?? 'none', blobs.stream(digest));
  for await (const {entry, content} of readTar(bytes)) {
    signal.throwIfAborted();
    if (entry.kind !== 'file') {
      yield {...entry, contentHash: ''};
      continue;
    }
    const hash = createHash('sha256');
    for await (const piece of content()) hash.update(piece);
    yield {...entry, contentHash: hash.digest('hex')};
  }
}
