// Small images made in memory, for registries and layouts in tests: entries become tars, tars layers, layers an image.
// The same input gives the same bytes.

import {gzipSync} from 'node:zlib';
import {pack} from 'tar-stream';
import type {Descriptor} from '../../src/oci/descriptor.ts';
import {type DiffId, type Digest, digestOf} from '../../src/oci/digest.ts';
import type {ContainerConfig, HistoryEntry, ImageConfig} from '../../src/oci/image-config.ts';
import {mediaTypes} from '../../src/oci/media-types.ts';
import type {Platform} from '../../src/oci/platform.ts';

export interface TestEntry {
  /** Relative, without `./`. */
  readonly path: string;
  /** Default: `file`. */
  readonly type?:
    | 'file'
    | 'directory'
    | 'symlink'
    | 'hardlink'
    | 'fifo'
    | 'character-device'
    | 'block-device';
  readonly content?: string | Uint8Array;
  /** Of a symlink or hardlink. */
  readonly linkTarget?: string;
  /** Default: 0o755 for directories, 0o644 otherwise. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since 1970; default 0. */
  readonly mtime?: number;
  readonly device?: {readonly major: number; readonly minor: number};
  /** PAX records, for instance `SCHILY.xattr.user.x`. */
  readonly pax?: Readonly<Record<string, string>>;
}

export interface TestLayer {
  readonly entries: readonly TestEntry[];
  /** Default: gzip. */
  readonly compression?: 'none' | 'gzip' | 'zstd';
}

export interface TestImageInput {
  readonly layers: readonly TestLayer[];
  readonly config?: ContainerConfig;
  readonly history?: readonly HistoryEntry[];
  /** Default: linux/amd64. */
  readonly platform?: Platform;
  /** Docker's media types instead of OCI's. */
  readonly docker?: boolean;
}

export interface TestImage {
  /** Config and layers. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  readonly manifest: Uint8Array;
  readonly descriptor: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly DiffId[];
}

export async function testImage(input: TestImageInput): Promise<TestImage> {
  const blobs = new Map<Digest, Uint8Array>();
  const add = (mediaType: string, bytes: Uint8Array): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return {mediaType, digest, size: bytes.length};
  };
  const layers: Descriptor[] = [];
  const diffIds: DiffId[] = [];
  for (const layer of input.layers) {
    const tar = await testTar(layer.entries);
    diffIds.push(digestOf(tar) as string as DiffId);
    const compression = layer.compression ?? 'gzip';
    layers.push(add(layerType(compression, input.docker ?? false), compressed(compression, tar)));
  }
  const platform = input.platform ?? {os: 'linux', architecture: 'amd64'};
  const imageConfig: ImageConfig = {
    ...platform,
    config: input.config ?? {},
    rootfs: {type: 'layers', diff_ids: diffIds},
    ...(input.history === undefined ? {} : {history: input.history}),
  };
  const config = add(input.docker ? mediaTypes.dockerConfig : mediaTypes.config, jsonBytes(imageConfig));
  const mediaType = input.docker ? mediaTypes.dockerManifest : mediaTypes.manifest;
  const manifest = jsonBytes({schemaVersion: 2, mediaType, config, layers});
  const descriptor = {mediaType, digest: digestOf(manifest), size: manifest.length, platform};
  return {blobs, manifest, descriptor, config, layers, diffIds};
}

/** An index of images, each with its platform. */
export function testIndex(
  descriptors: readonly Descriptor[],
  docker = false,
): {bytes: Uint8Array; mediaType: string} {
  const mediaType = docker ? mediaTypes.dockerManifestList : mediaTypes.index;
  return {bytes: jsonBytes({schemaVersion: 2, mediaType, manifests: descriptors}), mediaType};
}

export async function testTar(entries: readonly TestEntry[]): Promise<Uint8Array> {
  const archive = pack();
  const chunks: Uint8Array[] = [];
  const done = (async () => {
    for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  })();
  for (const entry of entries) {
    const type = entry.type ?? 'file';
    const content = Buffer.from(entry.content ?? '');
    const header = {
      name: type === 'directory' ? `${entry.path.replace(/\/$/, '')}/` : entry.path,
      type: type === 'hardlink' ? ('link' as const) : type,
      mode: entry.mode ?? (type === 'directory' ? 0o755 : 0o644),
      uid: entry.uid ?? 0,
      gid: entry.gid ?? 0,
      mtime: new Date((entry.mtime ?? 0) * 1000),
      ...(entry.linkTarget === undefined ? {} : {linkname: entry.linkTarget}),
      ...(entry.device === undefined ? {} : {devmajor: entry.device.major, devminor: entry.device.minor}),
      ...(entry.pax === undefined ? {} : {pax: {...entry.pax}}),
      ...(type === 'file' ? {size: content.length} : {}),
    };
    await new Promise<void>((resolve, reject) => {
      const whenDone = (error?: Error | null): void => (error ? reject(error) : resolve());
      if (type === 'file') archive.entry(header, content, whenDone);
      else archive.entry(header, whenDone);
    });
  }
  archive.finalize();
  await done;
  return Buffer.concat(chunks);
}

/** A valid zstd frame that compresses nothing: Node 20 has no zstd, and none is needed to test a decoder's plumbing. */
export function storedZstd(bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(9);
  head.writeUInt32LE(0xfd2fb528, 0);
  // Single segment, content size in four bytes (RFC 8878, 3.1.1.1).
  head.writeUInt8(0xa0, 4);
  head.writeUInt32LE(bytes.length, 5);
  const parts: Uint8Array[] = [head];
  const blockMax = 128 * 1024;
  for (let start = 0; start === 0 || start < bytes.length; start += blockMax) {
    const block = bytes.subarray(start, start + blockMax);
    const last = start + blockMax >= bytes.length ? 1 : 0;
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | last, 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}

export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function compressed(kind: 'none' | 'gzip' | 'zstd', tar: Uint8Array): Uint8Array {
  if (kind === 'gzip') return gzipSync(tar, {level: 1});
  return kind === 'zstd' ? storedZstd(tar) : tar;
}

function layerType(kind: 'none' | 'gzip' | 'zstd', docker: boolean): string {
  if (kind === 'none') return mediaTypes.layerTar;
  if (kind === 'zstd') return mediaTypes.layerZstd;
  return docker ? mediaTypes.dockerLayerGzip : mediaTypes.layerGzip;
}
