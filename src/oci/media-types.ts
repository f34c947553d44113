// Media types of OCI image-spec 1.1 and of docker's schema 2, which registries still serve.

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  /** Of the config of what is no image: `{}`. */
  empty: 'application/vnd.oci.empty.v1+json',
  layerTar: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

export type LayerCompression = 'none' | 'gzip' | 'zstd';

const dockerLayerTar = 'application/vnd.docker.image.rootfs.diff.tar';
/** Not in docker's specification; the name that containerd and BuildKit use. */
const dockerLayerZstd = 'application/vnd.docker.image.rootfs.diff.tar.zstd';

/** What the documents of one image call themselves and each other: a manifest speaks one dialect. */
export interface ImageDialect {
  readonly index: string;
  readonly manifest: string;
  readonly config: string;
  readonly layers: Readonly<Record<LayerCompression, string>>;
}

export const ociDialect: ImageDialect = {
  index: mediaTypes.index,
  manifest: mediaTypes.manifest,
  config: mediaTypes.config,
  layers: {none: mediaTypes.layerTar, gzip: mediaTypes.layerGzip, zstd: mediaTypes.layerZstd},
};

/** Docker's schema 2. Readers that go by OCI's specification drop what only docker's has, such as HEALTHCHECK. */
export const dockerDialect: ImageDialect = {
  index: mediaTypes.dockerManifestList,
  manifest: mediaTypes.dockerManifest,
  config: mediaTypes.dockerConfig,
  layers: {none: dockerLayerTar, gzip: mediaTypes.dockerLayerGzip, zstd: dockerLayerZstd},
};

export function isIndexType(mediaType: string): boolean {
  return mediaType === mediaTypes.index || mediaType === mediaTypes.dockerManifestList;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === mediaTypes.manifest || mediaType === mediaTypes.dockerManifest;
}

/** How a layer of this media type is compressed; undefined for a type that is no layer (or a foreign one). */
export function layerCompressionOf(mediaType: string): LayerCompression | undefined {
  switch (mediaType) {
    case mediaTypes.layerTar:
    case dockerLayerTar:
      return 'none';
    case mediaTypes.layerGzip:
    case mediaTypes.dockerLayerGzip:
      return 'gzip';
    case mediaTypes.layerZstd:
    case dockerLayerZstd:
      return 'zstd';
    default:
      return undefined;
  }
}
