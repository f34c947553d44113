// An OCI image layout (image-spec image-layout.md): which blobs it has and what its index.json says, whether it
// becomes a directory or an archive.

import type {Descriptor} from '../oci/descriptor.ts';
import {type Digest, hexOf} from '../oci/digest.ts';
import type {ImageIndex} from '../oci/manifest.ts';
import {mediaTypes} from '../oci/media-types.ts';
import {isReferenceProblem, parseReference} from '../oci/reference.ts';
import {type AssembledImage, assembleImage, jsonBytes} from './assemble.ts';
import type {BuiltImage, ExportContext, ExportResult} from './exporter.ts';

export const layoutFile = jsonBytes({imageLayoutVersion: '1.0.0'});

export type LayoutBlob = {readonly digest: Digest; readonly size: number} & (
  | {readonly bytes: Uint8Array}
  /** The blob is in the store. */
  | {readonly stored: true}
);

export interface Layout {
  readonly image: AssembledImage;
  /** Each digest once. */
  readonly blobs: readonly LayoutBlob[];
  /** What index.json lists: the manifest, once for each name. */
  readonly entries: readonly Descriptor[];
}

/** Makes the image's layers and everything that is written about them. */
export async function makeLayout(
  image: BuiltImage,
  context: ExportContext,
  options: {readonly names: readonly string[]; readonly annotations: Readonly<Record<string, string>>},
): Promise<Layout> {
  context.note('exporting layers');
  const layers = await image.layers(context.signal);
  const assembled = assembleImage(image, layers, options.annotations);
  context.note(`exporting manifest ${assembled.descriptor.digest}`);
  context.note(`exporting config ${assembled.configDigest}`);
  const blobs = new Map<Digest, LayoutBlob>();
  for (const {digest, size} of assembled.manifest.layers) blobs.set(digest, {digest, size, stored: true});
  const {configBytes, configDigest, manifestBytes, descriptor} = assembled;
  blobs.set(configDigest, {digest: configDigest, size: configBytes.length, bytes: configBytes});
  blobs.set(descriptor.digest, {digest: descriptor.digest, size: manifestBytes.length, bytes: manifestBytes});
  return {image: assembled, blobs: [...blobs.values()], entries: entriesOf(assembled, options.names)};
}

export function exportResult({image}: Layout): ExportResult {
  return {
    imageDigest: image.descriptor.digest,
    configDigest: image.configDigest,
    descriptor: image.descriptor,
  };
}

/** index.json holding `entries`. */
export function indexBytes(entries: readonly Descriptor[]): Uint8Array {
  const index: ImageIndex = {schemaVersion: 2, mediaType: mediaTypes.index, manifests: entries};
  return jsonBytes(index);
}

export function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/** The keys that containerd, docker load and skopeo look names up by. */
export const nameAnnotation = 'io.containerd.image.name';
export const referenceAnnotation = 'org.opencontainers.image.ref.name';

function entriesOf(image: AssembledImage, names: readonly string[]): Descriptor[] {
  const created =
    image.config.created === undefined ? {} : {'org.opencontainers.image.created': image.config.created};
  if (names.length === 0) return [{...image.descriptor, annotations: created}];
  return names.map((name) => ({
    ...image.descriptor,
    annotations: {...created, [nameAnnotation]: name, [referenceAnnotation]: tagOf(name)},
  }));
}

function tagOf(name: string): string {
  const reference = parseReference(name);
  return isReferenceProblem(reference) ? name : (reference.tag ?? 'latest');
}
