// What a stored layer holds: its entries in order, regular files with the digest of their content.

import {createHash} from 'node:crypto';
import type {Descriptor} from '../oci/descriptor.ts';
import {layerCompressionOf} from '../oci/media-types.ts';
import {decompress} from '../sources/registry/decompress.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import type {TarEntry} from '../tar/entry.ts';
import {readTar, type TarMember} from '../tar/read-tar.ts';

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
  for await (const {entry, content} of members({digest, mediaType}, blobs)) {
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

/** Of the entry of that path; nothing where there is none. */
export async function* fileContent(
  layer: Pick<Descriptor, 'digest' | 'mediaType'>,
  path: string,
  blobs: LocalBlobStore,
): AsyncGenerator<Uint8Array> {
  for await (const {entry, content} of members(layer, blobs)) {
    if (entry.path !== path || entry.kind !== 'file') continue;
    yield* content();
    return;
  }
}

function members(
  {digest, mediaType}: Pick<Descriptor, 'digest' | 'mediaType'>,
  blobs: LocalBlobStore,
): AsyncGenerator<TarMember> {
  return readTar(decompress(layerCompressionOf(mediaType) ?? 'none', blobs.stream(digest)));
}
