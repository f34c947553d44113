// What templates of `imagetools inspect` look at: the fields of buildx, which are those of Go's types. `json` prints
// the documents that they were made of.

import type {Json, RemoteImage, RemoteRoot} from '../../../build/transfer/remote-image.ts';
import {
  asDocument,
  type FormatMap,
  type FormatObject,
  type FormatValue,
  formatOf,
  nilList,
} from '../../format/value.ts';

export function remoteFields(
  name: string,
  {descriptor, entries, annotations}: RemoteRoot,
  images: readonly RemoteImage[],
): FormatObject {
  const manifest =
    entries === undefined
      ? descriptorFields(descriptor)
      : asDocument(
          {schemaVersion: 2, ...descriptor, manifests: entries, ...(annotations && {annotations})},
          {
            SchemaVersion: 2,
            ...descriptorFields(descriptor),
            Manifests: entries.map(descriptorFields),
            Annotations: formatOf(annotations ?? {}),
          },
        );
  const image = perPlatform(images, ({config}) => imageFields(config));
  const provenance = perPlatform(images, provenanceFields);
  const sbom = perPlatform(images, sbomFields);
  const fields = {Name: name, Manifest: manifest, Image: image, Provenance: provenance, SBOM: sbom};
  const isAttested = images.some(({predicates}) => predicates.size > 0);
  const members = {name, manifest, image, ...(isAttested ? {provenance, sbom} : {})};
  return asDocument(
    new Map(Object.entries<FormatValue>(members).filter(([, value]) => value !== undefined)),
    fields,
  );
}

/** The value of the only image, or those of all by platform. */
function perPlatform(
  images: readonly RemoteImage[],
  fieldsOf: (image: RemoteImage) => FormatValue,
): FormatValue {
  const [only, ...others] = images;
  if (only === undefined) return undefined;
  if (others.length === 0) return fieldsOf(only);
  const found = images.map((image) => [image.platform, fieldsOf(image)] as const);
  return new Map(found.filter(([, fields]) => fields !== undefined));
}

function provenanceFields({predicates}: RemoteImage): FormatValue {
  const types = [...predicates.keys()].filter((type) => type.startsWith('https://slsa.dev/provenance/'));
  const [predicate] = types.flatMap((type) => predicates.get(type) ?? []);
  return {SLSA: predicate === undefined ? undefined : formatOf(predicate)};
}

function sbomFields({predicates}: RemoteImage): FormatValue {
  const [first, ...others] = predicates.get('https://spdx.dev/Document') ?? [];
  return {
    SPDX: first === undefined ? undefined : formatOf(first),
    AdditionalSPDXs: others.length === 0 ? undefined : others.map(formatOf),
  };
}

function descriptorFields(descriptor: object): FormatObject {
  const {mediaType, digest, size, urls, annotations, platform, artifactType} = descriptor as Json;
  return asDocument(descriptor, {
    MediaType: formatOf(mediaType),
    Digest: formatOf(digest),
    Size: formatOf(size),
    URLs: formatOf(urls ?? []),
    Annotations: formatOf(annotations ?? {}),
    Platform: platform === undefined ? null : platformFields(platform as Json),
    ArtifactType: formatOf(artifactType ?? ''),
  });
}

function platformFields(platform: Json): FormatObject {
  return asDocument(platform, {
    Architecture: textOf(platform['architecture']),
    OS: textOf(platform['os']),
    OSVersion: textOf(platform['os.version']),
    OSFeatures: formatOf(platform['os.features'] ?? []),
    Variant: textOf(platform['variant']),
  });
}

const listFields = ['Env', 'Entrypoint', 'Cmd'] as const;
const mapFields = ['ExposedPorts', 'Volumes', 'Labels'] as const;
const textFields = ['User', 'WorkingDir', 'StopSignal'] as const;

function imageFields(config: Json): FormatObject {
  const own = (config['config'] ?? {}) as Json;
  const rootfs = (config['rootfs'] ?? {}) as Json;
  const history = Array.isArray(config['history']) ? (config['history'] as readonly Json[]) : [];
  return asDocument(config, {
    Created: textOf(config['created']),
    Author: textOf(config['author']),
    ...platformFields(config),
    Config: asDocument(own, {
      ...Object.fromEntries(listFields.map((field) => [field, formatOf(own[field] ?? nilList)])),
      ...Object.fromEntries(mapFields.map((field) => [field, mapIn(own[field])])),
      ...Object.fromEntries(textFields.map((field) => [field, textOf(own[field])])),
    }),
    RootFS: asDocument(rootfs, {
      Type: textOf(rootfs['type']),
      DiffIDs: formatOf(rootfs['diff_ids'] ?? nilList),
    }),
    History: history.map((entry) =>
      asDocument(entry, {
        Created: textOf(entry['created']),
        CreatedBy: textOf(entry['created_by']),
        Author: textOf(entry['author']),
        Comment: textOf(entry['comment']),
        EmptyLayer: entry['empty_layer'] === true,
      }),
    ),
  });
}

function mapIn(members: unknown): FormatMap {
  return formatOf(members ?? {}) as FormatMap;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
