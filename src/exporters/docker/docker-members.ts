// A docker archive: an OCI layout that also has docker's manifest.json, so both old and new readers find what they look
// for.

import {layoutMembers} from '../archive-members.ts';
import {dockerManifest, zstdWarning} from '../docker-manifest.ts';
import type {BlobReader, BuiltImages, ExportContext} from '../exporter.ts';
import type {Layout} from '../layout.ts';
import type {ArchiveMember} from '../tar-archive.ts';

export async function dockerMembers(
  layout: Layout,
  names: readonly string[],
  blobs: BlobReader,
): Promise<ArchiveMember[]> {
  const members = await layoutMembers(layout, blobs);
  const [{configDigest, manifest}] = layout.images;
  const bytes = dockerManifest([{configDigest, layers: manifest.layers, names}]);
  return [...members, {name: 'manifest.json', type: 'bytes', bytes}];
}

/** docker's archive has no place for attestations, nor for the index that would list them. */
export function withoutAttestations({images}: BuiltImages, context: ExportContext): BuiltImages {
  const [{attestations: told, ...image}] = images;
  if (told !== undefined) context.note('attestations are left out: a docker archive cannot hold them');
  return {images: [image], isList: false};
}

export function warnOfZstd({images: [{manifest}]}: Layout, context: ExportContext): void {
  const warning = zstdWarning(manifest.layers);
  const hint = 'compression=gzip,force-compression=true makes one that every docker loads';
  if (warning !== undefined) context.warn('exporter-docker-zstd', warning, hint);
}
