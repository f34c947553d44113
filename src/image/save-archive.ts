// Stored images as an archive, byte for byte as they are: every manifest keeps its digest. A docker archive is an OCI
// layout that also has docker's manifest.json; what docker's cannot say (several platforms) stands in index.json.

import {buildError} from '../diagnostics/build-error.ts';
import {layoutMembers} from '../exporters/archive-members.ts';
import {dockerManifest} from '../exporters/docker-manifest.ts';
import {type LayoutBlob, layoutEntries} from '../exporters/layout.ts';
import type {ArchiveMember} from '../exporters/tar-archive.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import type {Digest} from '../oci/digest.ts';
import {parseManifest} from '../oci/parse-manifest.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import type {ImageDetails} from '../store/image-store.ts';

export type SavedFormat = 'docker-archive' | 'oci-archive';

export interface SavedImage {
  /** The manifest or index that is saved. */
  readonly root: Descriptor;
  /** The one that docker's manifest.json tells of. */
  readonly image: ImageDetails;
  readonly names: readonly string[];
}

/** Throws BuildError when a blob of an image is not in the store. */
export async function archiveOf(
  images: readonly SavedImage[],
  format: SavedFormat,
  blobs: LocalBlobStore,
): Promise<readonly ArchiveMember[]> {
  const found = new Map<Digest, LayoutBlob>();
  for (const {root} of images) await collect(root, blobs, found);
  const entries = images.flatMap(({root, image, names}) => layoutEntries(root, image.config.created, names));
  const members = await layoutMembers({entries, blobs: [...found.values()]}, blobs);
  if (format === 'oci-archive') return members;
  const bytes = dockerManifest(
    images.map(({image, names}) => ({
      configDigest: image.configDigest,
      layers: image.content.layers,
      names,
    })),
  );
  return [...members, {name: 'manifest.json', type: 'bytes', bytes}];
}

async function collect(
  root: Descriptor,
  blobs: LocalBlobStore,
  found: Map<Digest, LayoutBlob>,
): Promise<void> {
  const {digest, size} = root;
  if (found.has(digest)) return;
  const parsed = parseManifest(await blobs.read(digest), root.mediaType);
  found.set(digest, {digest, size, stored: true});
  if (parsed.kind === 'index') {
    for (const manifest of parsed.index.manifests) {
      // An index may name images of other platforms that were never fetched.
      if (await blobs.has(manifest.digest)) await collect(manifest, blobs, found);
    }
    return;
  }
  if (parsed.kind !== 'manifest') {
    const why = parsed.kind === 'invalid' ? parsed.problem : 'it is of docker’s schema 1';
    throw buildError('environment', 'image-broken', `manifest ${digest} cannot be saved: ${why}`);
  }
  for (const blob of [parsed.manifest.config, ...parsed.manifest.layers]) {
    found.set(blob.digest, {digest: blob.digest, size: blob.size, stored: true});
  }
}
