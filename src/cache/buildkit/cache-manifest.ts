// How a cache that buildx wrote lies in a registry or a directory: a manifest, or in older versions an index, that
// lists the layers and a blob of records.

import type {Descriptor} from '../../oci/descriptor.ts';
import {parseDiffId} from '../../oci/digest.ts';
import type {ParsedManifest} from '../../oci/parse-manifest.ts';
import {type BuildkitCache, type BuildkitLayer, readCacheConfig} from './cache-config.ts';

const configType = 'application/vnd.buildkit.cacheconfig.v0';
/** Of a layer: the digest of its tar. */
const diffIdAnnotation = 'containerd.io/uncompressed';

export interface CacheManifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** Undefined: it is something else. */
export function cacheManifestOf(parsed: ParsedManifest): CacheManifest | undefined {
  if (parsed.kind === 'manifest') {
    const {config, layers} = parsed.manifest;
    return config.mediaType === configType ? {config, layers} : undefined;
  }
  if (parsed.kind !== 'index') return undefined;
  const {manifests: layers} = parsed.index;
  const config = layers.find(({mediaType}) => mediaType === configType);
  return config && {config, layers};
}

export async function readManifestCache(
  {config, layers}: CacheManifest,
  read: (blob: Descriptor) => Promise<Uint8Array>,
): Promise<BuildkitCache> {
  const known = new Map<string, BuildkitLayer>();
  for (const {mediaType, digest, size, annotations} of layers) {
    const diffId = parseDiffId(annotations?.[diffIdAnnotation] ?? '');
    if (diffId !== undefined) known.set(digest, {diffId, blob: {mediaType, digest, size}});
  }
  return readCacheConfig(config.digest, new TextDecoder().decode(await read(config)), known);
}
