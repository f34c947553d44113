// Checks an OCI image layout as a stranger would: every digest, size and media type, that layers unpack to what the
// config says of them, and that the history tells of as many layers as there are. Where the files are is the caller's
// affair.

import {errorText} from '../util/error-text.ts';
import {referenceDigestAnnotation} from './attestation-marks.ts';
import {
  compareBlob,
  gunzipped,
  hashed,
  jsonOf,
  type LayoutFiles,
  openBlob,
  readBlob,
  readWhole,
  Tap,
} from './checked-blobs.ts';
import type {Descriptor} from './descriptor.ts';
import {parseDiffId} from './digest.ts';
import type {Manifest} from './manifest.ts';
import {type LayerCompression, layerCompressionOf, mediaTypes} from './media-types.ts';
import {memberProblems} from './parse-config.ts';
import {parseManifest} from './parse-manifest.ts';
import {checkAttestation, checkReference, checkSubject, isAttestation} from './validate-attestation.ts';

export type {LayoutFiles} from './checked-blobs.ts';

/** What is wrong with an image, or an index of several, without a layout around it. */
export async function validateImage(files: LayoutFiles, root: Descriptor, where: string): Promise<string[]> {
  const problems: string[] = [];
  await checkManifest(files, root, {where, siblings: []}, problems);
  return problems;
}

/** What is wrong with something that refers to `subject` from outside its index; of an attestation its statements, too. */
export async function validateReferrer(
  files: LayoutFiles,
  referrer: Descriptor,
  subject: Descriptor,
  where: string,
): Promise<string[]> {
  const problems: string[] = [];
  const place = `${where} > referrer ${short(referrer)}`;
  const bytes = await readBlob(files, referrer, place, problems);
  const parsed = bytes === undefined ? undefined : parseManifest(bytes, referrer.mediaType);
  if (bytes === undefined || parsed?.kind !== 'manifest') return problems;
  if (!isAttestation(parsed.manifest)) {
    const {config, layers} = parsed.manifest;
    checkSubject(bytes, subject, place, problems);
    for (const blob of [config, ...layers])
      await compareStored(files, blob, `${place} > ${short(blob)}`, problems);
    return problems;
  }
  const annotations = {...referrer.annotations, [referenceDigestAnnotation]: subject.digest};
  const descriptor = {...referrer, annotations};
  const attestation = {bytes, descriptor, where: place, siblings: [subject]};
  await checkAttestation(files, parsed.manifest, attestation, problems);
  return problems;
}

/** What is wrong with the layout, a text each; empty when nothing is. Told of blobs that nothing led to. */
export async function validateLayout(
  files: LayoutFiles,
  onUnreferenced: (blobs: number) => void = () => {},
): Promise<string[]> {
  const seen = new Set<string>();
  const watched: LayoutFiles = {
    ...files,
    open(path, blob) {
      seen.add(path);
      return files.open(path, blob);
    },
  };
  const problems = await layoutProblems(watched);
  const others = (await files.list?.(blobsPath))?.filter((name) => !seen.has(`${blobsPath}/${name}`)) ?? [];
  for (const name of others) await checkUnreferenced(files, name, problems);
  onUnreferenced(others.length);
  return problems;
}

const blobsPath = 'blobs/sha256';

async function checkUnreferenced(files: LayoutFiles, name: string, problems: string[]): Promise<void> {
  const where = `${blobsPath}/${name}, which nothing refers to`;
  try {
    const stream = await files.open(`${blobsPath}/${name}`);
    if (stream === undefined) return;
    const {digest} = await hashed(stream);
    if (digest !== `sha256:${name}`) problems.push(`${where}: content is ${digest}`);
  } catch (error) {
    problems.push(`${where}: cannot be read: ${errorText(error)}`);
  }
}

async function layoutProblems(files: LayoutFiles): Promise<string[]> {
  const problems: string[] = [];
  const marker = await readWhole(files, 'oci-layout');
  if (marker === undefined) problems.push('oci-layout is missing');
  else if (jsonOf(marker)?.['imageLayoutVersion'] !== '1.0.0')
    problems.push('oci-layout is not version 1.0.0');
  const index = await readWhole(files, 'index.json');
  if (index === undefined) return [...problems, 'index.json is missing'];
  await checkIndexBytes(files, index, 'index.json', problems);
  return problems;
}

async function checkIndexBytes(
  files: LayoutFiles,
  bytes: Uint8Array,
  where: string,
  problems: string[],
): Promise<void> {
  const parsed = parseManifest(bytes, mediaTypes.index);
  if (parsed.kind !== 'index') {
    const found = parsed.kind === 'invalid' ? parsed.problems : [`is a ${parsed.kind}`];
    problems.push(...found.map((problem) => `${where}: ${problem}`));
    return;
  }
  if (parsed.index.manifests.length === 0) problems.push(`${where}: lists no manifest`);
  const siblings = parsed.index.manifests;
  for (const descriptor of siblings) await checkManifest(files, descriptor, {where, siblings}, problems);
}

interface Parent {
  readonly where: string;
  /** What the index lists, the manifest itself among them. */
  readonly siblings: readonly Descriptor[];
}

async function checkManifest(
  files: LayoutFiles,
  descriptor: Descriptor,
  parent: Parent,
  problems: string[],
): Promise<void> {
  const where = `${parent.where} > ${short(descriptor)}`;
  checkReference(descriptor, parent.siblings, where, problems);
  const bytes = await readBlob(files, descriptor, where, problems);
  if (bytes === undefined) return;
  const parsed = parseManifest(bytes, descriptor.mediaType);
  if (parsed.kind === 'invalid' || parsed.kind === 'schema1') {
    const found = parsed.kind === 'invalid' ? parsed.problems : ['is a schema 1 manifest'];
    problems.push(...found.map((problem) => `${where}: ${problem}`));
    return;
  }
  if (parsed.mediaType !== descriptor.mediaType) {
    problems.push(`${where}: is ${parsed.mediaType}, but is listed as ${descriptor.mediaType}`);
  }
  if (parsed.kind === 'index') await checkIndexBytes(files, bytes, where, problems);
  else if (isAttestation(parsed.manifest)) {
    const siblings = parent.siblings;
    await checkAttestation(files, parsed.manifest, {bytes, descriptor, where, siblings}, problems);
  } else await checkImage(files, parsed.manifest, descriptor, where, problems);
}

async function checkImage(
  files: LayoutFiles,
  manifest: Manifest,
  descriptor: Descriptor,
  where: string,
  problems: string[],
): Promise<void> {
  const configTypes: readonly string[] = [mediaTypes.config, mediaTypes.dockerConfig];
  if (!configTypes.includes(manifest.config.mediaType)) {
    problems.push(`${where}: config has media type ${manifest.config.mediaType}`);
  }
  const bytes = await readBlob(files, manifest.config, `${where} > config`, problems);
  const config = bytes === undefined ? undefined : jsonOf(bytes);
  if (bytes !== undefined) {
    if (config === undefined) problems.push(`${where} > config: is no JSON object`);
    else checkConfig(config, manifest, descriptor, `${where} > config`, problems);
  }
  const diffIds = listOf(objectOf(config?.['rootfs'])?.['diff_ids']);
  for (const [index, layer] of manifest.layers.entries()) {
    const told = diffIds[index];
    const diffId = typeof told === 'string' ? parseDiffId(told) : undefined;
    await checkLayer(files, layer, diffId, `${where} > layer ${index}`, problems);
  }
}

function checkConfig(
  config: Readonly<Record<string, unknown>>,
  manifest: Manifest,
  {platform}: Descriptor,
  where: string,
  problems: string[],
): void {
  problems.push(...memberProblems(config).map((problem) => `${where}: ${problem}`));
  const {rootfs, history, os, architecture, variant: own} = config;
  if (objectOf(rootfs)?.['type'] !== 'layers') problems.push(`${where}: rootfs.type is not "layers"`);
  const layers = manifest.layers.length;
  const diffIds = listOf(objectOf(rootfs)?.['diff_ids']).length;
  if (diffIds !== layers) problems.push(`${where}: ${diffIds} diff_ids for ${layers} layers`);
  if (Array.isArray(history)) {
    const told = history.filter((entry) => objectOf(entry)?.['empty_layer'] !== true).length;
    if (told !== layers) problems.push(`${where}: history tells of ${told} layers, there are ${layers}`);
  }
  for (const [key, value] of Object.entries({os, architecture})) {
    if (!value) problems.push(`${where}: ${key} is missing`);
    else if (platform !== undefined && platform[key as 'os' | 'architecture'] !== value) {
      problems.push(`${where}: ${key} is ${value}, the index says ${platform[key as 'os' | 'architecture']}`);
    }
  }
  // arm64 is v8 also where only one of them says so.
  const listed = platform?.variant;
  if (own && listed && own !== listed) problems.push(`${where}: variant is ${own}, the index says ${listed}`);
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

async function checkLayer(
  files: LayoutFiles,
  layer: Descriptor,
  diffId: string | undefined,
  where: string,
  problems: string[],
): Promise<void> {
  const compression = layerCompressionOf(layer.mediaType);
  if (compression === undefined) problems.push(`${where}: unknown media type ${layer.mediaType}`);
  const unpack = unpackerOf(compression, files);
  const stream = await openBlob(files, layer, where, problems);
  if (stream === undefined) return;
  const tap = new Tap(stream);
  const unpacked = await hashed(unpack?.(tap) ?? tap).catch((error: unknown) => ({
    problem: errorText(error),
  }));
  if (tap.error !== undefined) {
    problems.push(`${where}: cannot be read to its end: ${errorText(tap.error)}`);
    return;
  }
  // What unpacks has enough before the end of a layer with something behind it.
  if (tap.isAtEnd) compareBlob(layer, tap.hashed(), where, problems);
  else await compareStored(files, layer, where, problems);
  if ('problem' in unpacked) problems.push(`${where}: is not ${compression}: ${unpacked.problem}`);
  else if (unpack !== undefined && diffId !== undefined && unpacked.digest !== diffId)
    problems.push(`${where}: unpacks to ${unpacked.digest}, not ${diffId}`);
}

async function compareStored(
  files: LayoutFiles,
  layer: Descriptor,
  where: string,
  problems: string[],
): Promise<void> {
  const stream = await openBlob(files, layer, where, problems);
  if (stream === undefined) return;
  const found = await hashed(stream).catch((error: unknown) => {
    problems.push(`${where}: cannot be read to its end: ${errorText(error)}`);
  });
  if (found !== undefined) compareBlob(layer, found, where, problems);
}

/** Undefined where nobody can say what a layer unpacks to. */
function unpackerOf(compression: LayerCompression | undefined, files: LayoutFiles): LayoutFiles['unzstd'] {
  if (compression === 'none') return (stream) => stream;
  return compression === 'gzip' ? gunzipped : compression === 'zstd' ? files.unzstd : undefined;
}

function short({digest}: Descriptor): string {
  return digest.slice(0, 19);
}
