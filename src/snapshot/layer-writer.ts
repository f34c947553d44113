// Writes a layer as a blob into the store: from its files, or from a blob of it in another compression.

import {rm} from 'node:fs/promises';
import {buildError} from '../diagnostics/build-error.ts';
import {type Helper, HelperError} from '../helper/helper.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import {type DiffId, type Digest, parseDiffId, parseDigest} from '../oci/digest.ts';
import {ociDialect} from '../oci/media-types.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import {assert} from '../util/assert.ts';
import {streamToHelper} from './helper-stream.ts';
import type {LayerFormat} from './layer-format.ts';

export interface WrittenLayer {
  readonly diffId: DiffId;
  readonly descriptor: Descriptor;
}

/** One that was packed from files, with what it was compressed by; undefined: nothing is said of it. */
export interface PackedLayer extends WrittenLayer {
  readonly compressor: string | undefined;
}

interface Written {
  readonly compressor?: string | undefined;
  readonly diffId: DiffId;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

const gzipLevel = 6;

/** Says where the blob goes and how; gives the result fields of the helper. */
type Make = (args: readonly string[]) => Promise<ReadonlyMap<string, string>>;

export class LayerWriter {
  readonly #helper: () => Promise<Helper>;
  readonly #blobs: LocalBlobStore;
  /** Unless it was built where libdeflate's headers are missing. */
  #helperHasGzip = true;

  constructor(helper: () => Promise<Helper>, blobs: LocalBlobStore) {
    this.#helper = helper;
    this.#blobs = blobs;
  }

  /** The layer in the first of `directories`, which are topmost first; `more` are further arguments of `pack`. */
  async fromFiles(
    directories: readonly string[],
    format: LayerFormat,
    signal: AbortSignal,
    more: readonly string[] = [],
  ): Promise<PackedLayer> {
    const helper = await this.#helper();
    const layers = directories.map((directory) => `layer=${directory}`);
    const latest = format.latestSeconds === undefined ? [] : [`latest=${format.latestSeconds}`];
    const make: Make = (args) => helper.request('pack', [...layers, ...latest, ...more, ...args], {signal});
    return this.#write(make, format, signal);
  }

  /** The tar `bytes`, plain or in gzip, which must have the digest `diffId`, compressed again. */
  async fromTar(
    bytes: () => AsyncIterable<Uint8Array>,
    diffId: DiffId | undefined,
    format: LayerFormat,
    signal: AbortSignal,
  ): Promise<WrittenLayer> {
    const helper = await this.#helper();
    const make: Make = async (args) =>
      (await streamToHelper(helper, {verb: 'compress', args}, {bytes: bytes(), diffId}, signal)).fields;
    return this.#write(make, format, signal);
  }

  async #write(make: Make, format: LayerFormat, signal: AbortSignal): Promise<PackedLayer> {
    const out = await this.#blobs.reserve();
    try {
      const {diffId, compressor, annotations, ...blob} = await this.#compressed(make, format, out, signal);
      await this.#blobs.adopt(out, blob);
      const {compression} = format;
      const mediaType = ociDialect.layers[compression === 'estargz' ? 'gzip' : compression];
      const descriptor = {mediaType, ...blob, ...(annotations === undefined ? {} : {annotations})};
      return {diffId, descriptor, compressor};
    } catch (error) {
      await rm(out, {force: true});
      throw error;
    }
  }

  async #compressed(make: Make, format: LayerFormat, out: string, signal: AbortSignal): Promise<Written> {
    const {compression} = format;
    const level = format.level ?? (compression === 'gzip' ? gzipLevel : undefined);
    if (compression !== 'gzip' || this.#helperHasGzip) {
      const levels = level === undefined ? [] : [`level=${level}`];
      try {
        return writtenOf(await make([`out=${out}`, `compress=${compression}`, ...levels]), compression);
      } catch (error) {
        if (!(error instanceof HelperError && error.phase === 'unsupported')) throw error;
        if (compression !== 'gzip') throw unsupported(compression);
        this.#helperHasGzip = false;
      }
    }
    const {gzipFile} = await import('./gzip-blocks.ts');
    const tar = await this.#blobs.reserve();
    try {
      const fields = await make([`out=${tar}`, 'compress=none']);
      const written = await gzipFile(tar, out, {level: level ?? gzipLevel, signal});
      return {diffId: diffIdOf(fields), ...written};
    } finally {
      await rm(tar, {force: true});
    }
  }
}

function writtenOf(fields: ReadonlyMap<string, string>, compression: LayerFormat['compression']): Written {
  const digest = parseDigest(fields.get('digest') ?? '');
  assert(digest !== undefined, 'the helper gives a digest');
  const compressor = fields.get('compressor');
  const written = {diffId: diffIdOf(fields), digest, size: Number(fields.get('stored')), compressor};
  if (compression !== 'estargz') return written;
  // Where readers of eStargz look for what verifies the table, and for the size.
  const annotations = {
    'containerd.io/snapshot/stargz/toc.digest': fields.get('table') ?? '',
    'io.containers.estargz.uncompressed-size': fields.get('size') ?? '',
  };
  return {...written, annotations};
}

function unsupported(compression: string): Error {
  const [library, header] =
    compression === 'zstd' ? ['libzstd', 'libzstd-dev'] : ['libdeflate', 'libdeflate-dev'];
  return buildError('environment', 'exporter-no-compression', `this tsbuild was built without ${library}`, {
    hints: [`install ${header} and build tsbuild again to write layers with compression=${compression}`],
  });
}

function diffIdOf(fields: ReadonlyMap<string, string>): DiffId {
  const diffId = parseDiffId(fields.get('diffid') ?? '');
  assert(diffId !== undefined, 'the helper gives a diffid');
  return diffId;
}
