// Everything below a manifest or index, as it is pushed: each thing once, what is referred to first.

import {buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import type {Digest} from '../../oci/digest.ts';
import {parseManifest} from '../../oci/parse-manifest.ts';
import type {PushBlob, PushManifest} from '../../sources/registry/push/repository-writer.ts';

export interface ImageContent {
  readonly blobs: ReadonlyMap<Digest, PushBlob>;
  /** In the order in which they are put. */
  readonly manifests: ReadonlyMap<Digest, PushManifest>;
}

/** Where the content is. */
export interface ContentPlace {
  /** Verified bytes of a manifest or index. */
  read(digest: Digest): Promise<Uint8Array>;
  blob(descriptor: Descriptor): PushBlob;
  /** `in the store` */
  readonly where: string;
}

export async function contentBelow(
  roots: readonly Pick<Descriptor, 'digest' | 'mediaType'>[],
  place: ContentPlace,
): Promise<ImageContent> {
  const blobs = new Map<Digest, PushBlob>();
  const manifests = new Map<Digest, PushManifest>();
  const visit = async ({digest, mediaType}: Pick<Descriptor, 'digest' | 'mediaType'>): Promise<void> => {
    if (manifests.has(digest)) return;
    const bytes = await place.read(digest);
    const parsed = parseManifest(bytes, mediaType);
    if (parsed.kind === 'index') for (const child of parsed.index.manifests) await visit(child);
    else if (parsed.kind === 'manifest') {
      for (const blob of [...parsed.manifest.layers, parsed.manifest.config]) {
        blobs.set(blob.digest, place.blob(blob));
      }
    } else throw buildError('environment', 'image-broken', `${digest} ${place.where} is no manifest`);
    manifests.set(digest, {mediaType, bytes});
  };
  for (const root of roots) await visit(root);
  return {blobs, manifests};
}
