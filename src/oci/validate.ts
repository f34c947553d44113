// Checks an OCI image layout as a stranger would: every digest, size and media type, that layers unpack to what the
// config says of them, and that the history tells of as many layers as there are. Where the files are is the caller's
// affair.

import {createHash} from 'node:crypto';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import type {Descriptor} from './descriptor.ts';
import {hexOf} from './digest.ts';
import type {ImageConfig} from './image-config.ts';
import type {Manifest} from './manifest.ts';
import {layerCompressionOf, mediaTypes} from './media-types.ts';
import {parseManifest} from './parse-manifest.ts';

export interface LayoutFiles {
  /** The file at `path` below the layout's root in pieces; undefined when there is none. */
  open(path: string): Promise<AsyncIterable<Uint8Array> | undefined>;
}

/** What is wrong with the layout, a text each; empty when nothing is. zstd layers are not unpacked. */
export async function validateLayout(files: LayoutFiles): Promise<string[]> {
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
    problems.push(`${where}: ${parsed.kind === 'invalid' ? parsed.problem : `is a ${parsed.kind}`}`);
    return;
  }
  for (const descriptor of parsed.index.manifests) await checkManifest(files, descriptor, where, problems);
}

async function checkManifest(
  files: LayoutFiles,
  descriptor: Descriptor,
  parent: string,
  problems: string[],
): Promise<void> {
  const where = `${parent} > ${short(descriptor)}`;
  const bytes = await readBlob(files, descriptor, where, problems);
  if (bytes === undefined) return;
  const parsed = parseManifest(bytes, descriptor.mediaType);
  if (parsed.kind === 'invalid' || parsed.kind === 'schema1') {
    problems.push(`${where}: ${parsed.kind === 'invalid' ? parsed.problem : 'is a schema 1 manifest'}`);
    return;
  }
  if (parsed.mediaType !== descriptor.mediaType) {
    problems.push(`${where}: is ${parsed.mediaType}, but is listed as ${descriptor.mediaType}`);
  }
  if (parsed.kind === 'index') await checkIndexBytes(files, bytes, where, problems);
  else await checkImage(files, parsed.manifest, descriptor, where, problems);
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
  const config = bytes === undefined ? undefined : (jsonOf(bytes) as Partial<ImageConfig> | undefined);
  if (config === undefined) {
    if (bytes !== undefined) problems.push(`${where} > config: is no JSON object`);
    return;
  }
  checkConfig(config, manifest, descriptor, `${where} > config`, problems);
  const diffIds = config.rootfs?.diff_ids ?? [];
  for (const [index, layer] of manifest.layers.entries()) {
    await checkLayer(files, layer, diffIds[index], `${where} > layer ${index}`, problems);
  }
}

function checkConfig(
  config: Partial<ImageConfig>,
  manifest: Manifest,
  {platform}: Descriptor,
  where: string,
  problems: string[],
): void {
  if (config.rootfs?.type !== 'layers') problems.push(`${where}: rootfs.type is not "layers"`);
  const layers = manifest.layers.length;
  const diffIds = config.rootfs?.diff_ids?.length ?? 0;
  if (diffIds !== layers) problems.push(`${where}: ${diffIds} diff_ids for ${layers} layers`);
  if (config.history !== undefined) {
    const told = config.history.filter((entry) => entry.empty_layer !== true).length;
    if (told !== layers) problems.push(`${where}: history tells of ${told} layers, there are ${layers}`);
  }
  for (const key of ['os', 'architecture'] as const) {
    if (!config[key]) problems.push(`${where}: ${key} is missing`);
    else if (platform !== undefined && platform[key] !== config[key]) {
      problems.push(`${where}: ${key} is ${config[key]}, the index says ${platform[key]}`);
    }
  }
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
  const stream = await openBlob(files, layer, where, problems);
  if (stream === undefined) return;
  const stored = await hashed(stream);
  compareBlob(layer, stored, where, problems);
  if (diffId === undefined || compression === undefined || compression === 'zstd') return;
  const again = await openBlob(files, layer, where, problems);
  if (again === undefined) return;
  try {
    const unpacked = compression === 'none' ? stored : await hashed(gunzipped(again));
    if (unpacked.digest !== diffId) problems.push(`${where}: unpacks to ${unpacked.digest}, not ${diffId}`);
  } catch (error) {
    problems.push(`${where}: is not ${compression}: ${String(error)}`);
  }
}

async function readBlob(
  files: LayoutFiles,
  descriptor: Descriptor,
  where: string,
  problems: string[],
): Promise<Uint8Array | undefined> {
  const stream = await openBlob(files, descriptor, where, problems);
  if (stream === undefined) return undefined;
  const bytes = await collected(stream);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  compareBlob(descriptor, {digest, size: bytes.length}, where, problems);
  return bytes;
}

async function openBlob(
  files: LayoutFiles,
  descriptor: Descriptor,
  where: string,
  problems: string[],
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const stream = await files.open(`blobs/sha256/${hexOf(descriptor.digest)}`);
  if (stream === undefined) problems.push(`${where}: blob ${descriptor.digest} is missing`);
  return stream;
}

interface Hashed {
  readonly digest: string;
  readonly size: number;
}

function compareBlob(descriptor: Descriptor, found: Hashed, where: string, problems: string[]): void {
  if (found.digest !== descriptor.digest) {
    problems.push(`${where}: content is ${found.digest}, not ${descriptor.digest}`);
  }
  if (found.size !== descriptor.size) {
    problems.push(`${where}: has ${found.size} bytes, not ${descriptor.size}`);
  }
}

async function hashed(stream: AsyncIterable<Uint8Array>): Promise<Hashed> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    size += chunk.length;
  }
  return {digest: `sha256:${hash.digest('hex')}`, size};
}

async function* gunzipped(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip({chunkSize: 256 * 1024});
  // Errors reach the reader through `gunzip` as well; here they would only be reported twice.
  const feeding = pipeline(Readable.from(stream), gunzip).catch(() => {});
  yield* gunzip as AsyncIterable<Uint8Array>;
  await feeding;
}

async function readWhole(files: LayoutFiles, path: string): Promise<Uint8Array | undefined> {
  const stream = await files.open(path);
  return stream === undefined ? undefined : collected(stream);
}

async function collected(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function jsonOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function short({digest}: Descriptor): string {
  return digest.slice(0, 19);
}
