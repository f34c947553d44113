// An OCI image layout (image-spec image-layout.md): which blobs it has and what its index.json says, whether it
// becomes a directory or an archive.

import type {Descriptor} from '../oci/descriptor.ts';
import {type Digest, digestOf, hexOf} from '../oci/digest.ts';
import type {ImageIndex} from '../oci/manifest.ts';
import {ociDialect} from '../oci/media-types.ts';
import {imagePackageUrl} from '../oci/package-url.ts';
import {isReferenceProblem, parseReference} from '../oci/reference.ts';
import {type AtLeastOne, mapAtLeastOne} from '../util/at-least-one.ts';
import {annotationsAt} from './annotations.ts';
import {type AssembledImage, assembleImage, jsonBytes, unlessEmpty} from './assemble.ts';
import {type AttestationManifest, attestationManifest} from './attestation-manifest.ts';
import type {BuiltImage, BuiltImages, ExportContext, ExportResult, ImageLayer} from './exporter.ts';
import type {ImageForm} from './image-options.ts';
import {squashed} from './squash.ts';

export const layoutFile = jsonBytes({imageLayoutVersion: '1.0.0'});

export type LayoutBlob = {readonly digest: Digest; readonly size: number} & (
  | {readonly bytes: Uint8Array}
  /** The blob is in the store, or can be had from where its image came from. */
  | {readonly stored: true; readonly remote?: ImageLayer['remote']}
);

export interface Referrer {
  readonly subject: Digest;
  readonly descriptor: Descriptor;
}

export interface Layout {
  /** One for each platform. */
  readonly images: AtLeastOne<AssembledImage>;
  /** A list was asked for; an image with attestations has an index too. */
  readonly isList: boolean;
  /** What a name leads to: the manifest, or the index of a list. */
  readonly root: Descriptor;
  /** Each digest once. */
  readonly blobs: readonly LayoutBlob[];
  /** Those of the blobs that are manifests and indexes, what is referred to first; the root is the last. */
  readonly manifests: readonly Descriptor[];
  /** Attestations that no index lists, each with the digest of its subject; among the manifests, too. */
  readonly referrers: readonly Referrer[];
  /** What index.json lists: the root, once for each name, and referrers. */
  readonly entries: readonly Descriptor[];
}

/** Makes the images' layers and everything that is written about them. */
export async function makeLayout(
  {images, isList}: BuiltImages,
  context: ExportContext,
  options: ImageForm,
): Promise<Layout> {
  context.note('exporting layers');
  const [first, ...others] = images;
  const made: [MadeImage, ...MadeImage[]] = [await madeFrom(first, context, options)];
  for (const image of others) made.push(await madeFrom(image, context, options));
  const blobs = new Map<Digest, LayoutBlob>();
  const add = (bytes: Uint8Array): Digest => {
    const digest = digestOf(bytes);
    blobs.set(digest, {digest, size: bytes.length, bytes});
    return digest;
  };
  for (const {image, layers, attested} of made) {
    const {configBytes, manifestBytes} = image;
    for (const {descriptor, remote} of layers) {
      const {digest, size} = descriptor;
      blobs.set(digest, {digest, size, stored: true, ...(remote === undefined ? {} : {remote})});
    }
    add(configBytes);
    add(manifestBytes);
    for (const bytes of attested?.blobs ?? []) add(bytes);
  }
  let root: Descriptor = made[0].image.descriptor;
  const said = made.flatMap(({attested}) => attested?.descriptor ?? []);
  const attestations = options.asReferrers ? [] : said;
  const listed = [...made.map(({image}) => image.descriptor), ...attestations];
  const referrers = options.asReferrers ? made.flatMap(referrerOf) : [];
  const manifests = [...referrers.map(({descriptor}) => descriptor), ...listed];
  if (isList || attestations.length > 0) {
    const mediaType = options.dialect.index;
    const bytes = indexBytes(listed, mediaType, annotationsAt(options.annotations, 'index'));
    const annotations = annotationsAt(options.annotations, 'index-descriptor');
    root = {mediaType, digest: add(bytes), size: bytes.length, ...unlessEmpty(annotations)};
    manifests.push(root);
    context.note(`exporting manifest list ${root.digest}`);
  }
  const assembled = mapAtLeastOne(made, ({image}) => image);
  const entries = [
    ...layoutEntries(root, createdAt(assembled), options.names),
    ...referrers.map(({descriptor}) => descriptor),
  ];
  return {images: assembled, isList, root, blobs: [...blobs.values()], manifests, referrers, entries};
}

interface MadeImage {
  readonly image: AssembledImage;
  readonly layers: readonly ImageLayer[];
  readonly attested: AttestationManifest | undefined;
}

/** Without what an index says of it: its subject is in itself. */
function referrerOf({image, attested}: MadeImage): readonly Referrer[] {
  if (attested === undefined) return [];
  const {mediaType, digest, size, artifactType} = attested.descriptor;
  const descriptor = {mediaType, digest, size, ...(artifactType === undefined ? {} : {artifactType})};
  return [{subject: image.descriptor.digest, descriptor}];
}

async function madeFrom(built: BuiltImage, context: ExportContext, options: ImageForm): Promise<MadeImage> {
  const {annotations, dialect, format, squash, lazy = false} = options;
  const {epochSeconds, platform} = built;
  if (options.rewriteTimestamp && epochSeconds === undefined) {
    context.note('rewrite-timestamp does nothing without SOURCE_DATE_EPOCH');
  }
  const isClamped = options.rewriteTimestamp && epochSeconds !== undefined;
  const form = squashed(built, squash);
  const wish = {lazy, format: {...format, ...(isClamped ? {latestSeconds: epochSeconds} : {})}};
  const layers = await form.layers(context.signal, wish);
  const image = assembleImage(form, layers, {
    annotations: annotationsAt(annotations, 'manifest', platform),
    descriptorAnnotations: annotationsAt(annotations, 'manifest-descriptor', platform),
    dialect,
  });
  context.note(`exporting manifest ${image.descriptor.digest}`);
  context.note(`exporting config ${image.configDigest}`);
  const statements = (await built.attestations?.(layers, context.signal)) ?? [];
  const names = options.names.map((name) => imagePackageUrl(name, platform));
  const attested = attestationManifest({manifest: image.descriptor, names}, statements, options.isArtifact);
  if (attested !== undefined) context.note(`exporting attestation manifest ${attested.descriptor.digest}`);
  return {image, layers, attested};
}

export function exportResult({images: [first], isList, root}: Layout): ExportResult {
  return {
    imageDigest: root.digest,
    ...(isList ? {} : {configDigest: first.configDigest}),
    descriptor: root,
  };
}

/** An index, or a list in docker's dialect, of `entries`; index.json of a layout is one. */
export function indexBytes(
  entries: readonly Descriptor[],
  mediaType: string = ociDialect.index,
  annotations: Readonly<Record<string, string>> = {},
): Uint8Array {
  const index: ImageIndex = {schemaVersion: 2, mediaType, manifests: entries, ...unlessEmpty(annotations)};
  return jsonBytes(index);
}

export function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/** The keys that containerd, docker load and skopeo look names up by. */
export const nameAnnotation = 'io.containerd.image.name';
export const referenceAnnotation = 'org.opencontainers.image.ref.name';

/** Of several images the newest counts. */
function createdAt(images: readonly AssembledImage[]): string | undefined {
  const times = images.flatMap(({config}) => config.created ?? []);
  return times.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
}

/** What index.json says of an image: an entry for each name. */
export function layoutEntries(
  root: Descriptor,
  createdText: string | undefined,
  names: readonly string[],
): Descriptor[] {
  const created = createdText === undefined ? {} : {'org.opencontainers.image.created': createdText};
  if (names.length === 0) return [{...root, annotations: {...root.annotations, ...created}}];
  return names.map((name) => ({
    ...root,
    annotations: {
      ...root.annotations,
      ...created,
      [nameAnnotation]: name,
      [referenceAnnotation]: tagOf(name),
    },
  }));
}

function tagOf(name: string): string {
  const reference = parseReference(name);
  return isReferenceProblem(reference) ? name : (reference.tag ?? 'latest');
}
