// A docker archive: an OCI layout that also has docker's manifest.json, so both old and new readers find what they look
// for.

import {layerCompressionOf} from '../../oci/media-types.ts';
import {layoutMembers} from '../archive-members.ts';
import {dockerManifest} from '../docker-manifest.ts';
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

/** docker before 23 takes them for uncompressed tars, and says nothing that explains its error. */
export function warnOfZstd({images: [{manifest}]}: Layout, context: ExportContext): void {
  const count = manifest.layers.filter(({mediaType}) => layerCompressionOf(mediaType) === 'zstd').length;
  if (count === 0) return;
  const layers = count === 1 ? 'a layer' : `${count} layers`;
  context.warn(
    'exporter-docker-zstd',
    `the archive has ${layers} compressed with zstd, which docker before 23 cannot load`,
    'compression=gzip,force-compression=true makes one that every docker loads',
  );
}
