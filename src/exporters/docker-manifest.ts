// manifest.json of a docker archive: what `docker save` writes, with paths inside the archive. Compressed layers are
// fine: `docker load` looks at bytes.

import type {Descriptor} from '../oci/descriptor.ts';
import type {Digest} from '../oci/digest.ts';
import {layerCompressionOf} from '../oci/media-types.ts';
import {isReferenceProblem, parseReference} from '../oci/reference.ts';
import {jsonBytes} from './assemble.ts';
import {blobPath} from './layout.ts';

export interface DockerArchiveImage {
  readonly configDigest: Digest;
  readonly layers: readonly Descriptor[];
  readonly names: readonly string[];
}

export function dockerManifest(images: readonly DockerArchiveImage[]): Uint8Array {
  return jsonBytes(
    images.map(({configDigest, layers, names}) => ({
      Config: blobPath(configDigest),
      Layers: layers.map(({digest}) => blobPath(digest)),
      RepoTags: names.map(dockerName),
    })),
  );
}

export function zstdLayers(layers: readonly Descriptor[]): number {
  return layers.filter(({mediaType}) => layerCompressionOf(mediaType) === 'zstd').length;
}

/** docker before 23 takes them for uncompressed tars, and says nothing that explains its error. */
export function zstdWarning(layers: readonly Descriptor[]): string | undefined {
  const count = zstdLayers(layers);
  if (count === 0) return undefined;
  const text = count === 1 ? 'a layer' : `${count} layers`;
  return `the archive has ${text} compressed with zstd, which docker before 23 cannot load`;
}

/** docker shows its own registry's names short, and expects them so here. */
function dockerName(name: string): string {
  const reference = parseReference(name);
  if (isReferenceProblem(reference)) return name;
  const path = reference.domain === 'docker.io' ? reference.path.replace(/^library\//, '') : undefined;
  return `${path ?? `${reference.domain}/${reference.path}`}:${reference.tag ?? 'latest'}`;
}
