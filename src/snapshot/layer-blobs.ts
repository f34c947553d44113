// The blob side of a layer: fetched from a registry into the store, packed from a directory, or unpacked into one.

import {readdir, rm} from 'node:fs/promises';
import {type Helper, HelperError} from '../helper/helper.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import {type DiffId, type Digest, parseDiffId, parseDigest} from '../oci/digest.ts';
import {layerCompressionOf, mediaTypes} from '../oci/media-types.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import {assert} from '../util/assert.ts';
import type {LayerSource, OnLayerProgress} from './layer-source.ts';
import type {LayerId, LayerRow, LayerTable} from './layer-table.ts';
import {type UnpackedLayer, unpackLayer} from './unpack.ts';

export interface LayerBlobsOptions {
  readonly state: StateDirectory;
  readonly blobs: LocalBlobStore;
  readonly helper: () => Promise<Helper>;
  readonly source: LayerSource;
  readonly onLayerProgress: OnLayerProgress;
}

const gzipLevel = 6;

interface PackedLayer {
  readonly diffId: DiffId;
  readonly descriptor: Descriptor;
}

/** What making a blob may have to ask. */
export interface LayerQuestions {
  readonly row: () => LayerRow;
  /** Directories of the layers that it was made on, topmost first. */
  readonly below: () => Promise<readonly string[]>;
}

export class LayerBlobs {
  readonly #options: LayerBlobsOptions;
  readonly #table: LayerTable;
  #helperCompresses = true;
  #empty: PackedLayer | undefined;

  constructor(options: LayerBlobsOptions, table: LayerTable) {
    this.#options = options;
    this.#table = table;
  }

  async hasBlob(row: LayerRow): Promise<boolean> {
    return row.blob !== undefined && (await this.#options.blobs.has(row.blob.digest));
  }

  /** Unpacks the layer into the new directory `dir`; gives what it must still take from the layers below. */
  async unpackInto(row: LayerRow, dir: string, signal: AbortSignal): Promise<UnpackedLayer> {
    const blob = blobOf(row);
    const compression = layerCompressionOf(blob.mediaType);
    assert(compression !== undefined, `media type ${blob.mediaType} was accepted as a layer`);
    const compressed = (await this.hasBlob(row))
      ? this.#options.blobs.stream(blob.digest)
      : this.#fetched(row, blob, signal);
    const bytes = this.#options.source.decompress(compression, compressed);
    return unpackLayer(await this.#options.helper(), bytes, row.diffId, dir, signal);
  }

  /** Fetches the blob, giving its bytes on while they are written to the store. */
  async *#fetched(row: LayerRow, blob: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    assert(row.source !== undefined, `layer ${row.id} has neither blob nor source`);
    const {source, blobs, onLayerProgress} = this.#options;
    const writer = await blobs.open(blob);
    let currentBytes = 0;
    try {
      for await (const chunk of source.fetch(row.source, blob, signal)) {
        await writer.write(chunk);
        currentBytes += chunk.length;
        onLayerProgress({layer: row.id, blob, currentBytes, done: false});
        yield chunk;
      }
      await writer.commit();
      onLayerProgress({layer: row.id, blob, currentBytes, done: true});
    } finally {
      await writer.abort();
    }
  }

  /** The blob of a layer in the store, made if need be. */
  async ensure(id: LayerId, {row, below}: LayerQuestions, signal: AbortSignal): Promise<PackedLayer> {
    const ready = await this.#ready(row());
    if (ready !== undefined) return ready;
    return this.#options.state.locks.withLock(`blob ${id}`, signal, async () => {
      const again = await this.#ready(row());
      if (again !== undefined) return again;
      const layer = row();
      if (layer.hasDirectory && layer.source === undefined) return this.#pack(layer, await below(), signal);
      const blob = blobOf(layer);
      for await (const _ of this.#fetched(layer, blob, signal)) signal.throwIfAborted();
      const fetched = await this.#ready(layer);
      assert(fetched !== undefined, `layer ${id} was fetched but is not in the store`);
      return fetched;
    });
  }

  async #ready(row: LayerRow): Promise<PackedLayer | undefined> {
    if (row.diffId === undefined || row.blob === undefined || !(await this.hasBlob(row))) return undefined;
    return {diffId: row.diffId, descriptor: row.blob};
  }

  async #pack(row: LayerRow, below: readonly string[], signal: AbortSignal): Promise<PackedLayer> {
    const {diffId, descriptor} = (await this.#emptyBlob(row)) ?? (await this.#packed(row, below, signal));
    this.#table.setBlob(row.id, diffId, descriptor);
    return {diffId, descriptor};
  }

  /**
   * What an empty layer becomes, once one was packed: a request and an fsync for each step that changed nothing would
   * cost as much as running it. A layer of an image may be empty but for the mark that its root is opaque; it has a
   * diffId.
   */
  async #emptyBlob(row: LayerRow): Promise<PackedLayer | undefined> {
    const empty = this.#empty;
    if (empty === undefined || !(await this.#isEmpty(row))) return undefined;
    return (await this.#options.blobs.has(empty.descriptor.digest)) ? empty : undefined;
  }

  async #isEmpty(row: LayerRow): Promise<boolean> {
    if (row.diffId !== undefined) return false;
    // An ordinary user may not look into a root that a step gave to somebody else: the helper may.
    const entries = await readdir(this.#options.state.layerPath(row.id)).catch(() => undefined);
    return entries?.length === 0;
  }

  async #packed(row: LayerRow, below: readonly string[], signal: AbortSignal): Promise<PackedLayer> {
    const {state, blobs} = this.#options;
    const out = await blobs.reserve();
    const isEmpty = await this.#isEmpty(row);
    const directories = [state.layerPath(row.id), ...(isEmpty ? [] : below)];
    const {diffId, digest, size} = await this.#packGzip(directories, out, signal);
    await blobs.adopt(out, {digest, size});
    const packed = {diffId, descriptor: {mediaType: mediaTypes.layerGzip, digest, size}};
    if (isEmpty) this.#empty = packed;
    return packed;
  }

  async #packGzip(
    directories: readonly string[],
    out: string,
    signal: AbortSignal,
  ): Promise<{diffId: DiffId; digest: Digest; size: number}> {
    const helper = await this.#options.helper();
    const layers = directories.map((directory) => `layer=${directory}`);
    if (this.#helperCompresses) {
      try {
        const args = [...layers, `out=${out}`, 'compress=gzip', `level=${gzipLevel}`];
        const fields = await helper.request('pack', args, {signal});
        const digest = parseDigest(fields.get('digest') ?? '');
        assert(digest !== undefined, 'pack gives a digest');
        return {diffId: diffIdOf(fields), digest, size: Number(fields.get('stored'))};
      } catch (error) {
        // A helper built where libdeflate's headers are missing writes plain tars only.
        if (!(error instanceof HelperError && error.phase === 'unsupported')) throw error;
        this.#helperCompresses = false;
      }
    }
    const {gzipFile} = await import('./gzip-blocks.ts');
    const tar = await this.#options.blobs.reserve();
    const fields = await helper.request('pack', [...layers, `out=${tar}`, 'compress=none'], {signal});
    const packed = {diffId: diffIdOf(fields), ...(await gzipFile(tar, out, signal))};
    await rm(tar);
    return packed;
  }
}

function diffIdOf(fields: ReadonlyMap<string, string>): DiffId {
  const diffId = parseDiffId(fields.get('diffid') ?? '');
  assert(diffId !== undefined, 'pack gives a diffid');
  return diffId;
}

function blobOf(row: LayerRow): Descriptor {
  assert(row.blob !== undefined, `layer ${row.id} has neither directory nor blob`);
  return row.blob;
}
