// The blob side of a layer: fetched from a registry into the store, packed from a directory, or unpacked into one.

import {createHash} from 'node:crypto';
import {readdir} from 'node:fs/promises';
import {buildError} from '../diagnostics/build-error.ts';
import {type Helper, HelperError} from '../helper/helper.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import {type LayerCompression, layerCompressionOf} from '../oci/media-types.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import {Notes} from '../store/notes.ts';
import {type Receiving, receiveBlob, receivedBytes} from '../store/receive-blob.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import {assert} from '../util/assert.ts';
import {formatText, isUsual, type LayerFormat, usualFormat} from './layer-format.ts';
import {isCacheSource, type LayerSource, LostLayer, type OnLayerProgress} from './layer-source.ts';
import {isImported, type LayerId, type LayerRow, type LayerTable} from './layer-table.ts';
import {LayerWriter, type PackedLayer, type WrittenLayer} from './layer-writer.ts';
import {type UnpackedLayer, unpackLayer} from './unpack.ts';

export interface LayerBlobsOptions {
  readonly state: StateDirectory;
  readonly blobs: LocalBlobStore;
  readonly helper: () => Promise<Helper>;
  readonly source: LayerSource;
  readonly onLayerProgress: OnLayerProgress;
}

/** What making a blob may have to ask. */
export interface LayerQuestions {
  readonly row: () => LayerRow;
  /** It as it was a moment ago. */
  readonly first?: LayerRow | undefined;
  /** Its directory and, of a layer that no image brought, those of what it was made on; unpacked where they are not. */
  readonly stack: () => Promise<readonly string[]>;
  /** Nobody waits for it yet: it is packed with less of the processors. */
  readonly isEarly?: boolean;
}

type BlobFacts = Pick<LayerRow, 'diffId' | 'blob'>;

export const noBlob: BlobFacts = {diffId: undefined, blob: undefined};

/** Half of the share of a step: an export that comes to wait for it on a busy machine must still get it soon. */
const earlyNice = 3;

/** Under this name is noted what an empty layer becomes. */
const emptyKey = 'empty';

export class LayerBlobs {
  readonly #options: LayerBlobsOptions;
  readonly #table: LayerTable;
  readonly #notes: Notes;
  readonly #writer: LayerWriter;
  #empty: WrittenLayer | null | undefined;

  constructor(options: LayerBlobsOptions, table: LayerTable) {
    this.#options = options;
    this.#table = table;
    this.#notes = new Notes(options.state.database);
    this.#writer = new LayerWriter(options.helper, options.blobs);
  }

  async hasBlob(row: LayerRow): Promise<boolean> {
    return row.blob !== undefined && (await this.#options.blobs.has(row.blob.digest));
  }

  /** Unpacks the layer into the new directory `dir`; gives what it must still take from the layers below. */
  async unpackInto(row: LayerRow, dir: string, signal: AbortSignal): Promise<UnpackedLayer> {
    const blob = blobOf(row);
    const compressed = (await this.hasBlob(row))
      ? this.#options.blobs.stream(blob.digest)
      : receivedBytes(this.#receiving(row, blob, signal));
    const bytes = this.#options.source.decompress(compressionOf(blob), compressed, 'gzip');
    const helper = await this.#options.helper();
    return orLost(row, signal, () => unpackLayer(helper, bytes, row.diffId, dir, signal));
  }

  #receiving(row: LayerRow, blob: Descriptor, signal: AbortSignal): Receiving {
    const {source: place} = row;
    if (place === undefined) throw gone(row);
    const {source, blobs, onLayerProgress} = this.#options;
    return {
      blobs,
      blob,
      fetch: (sink) => source.fetch(place, blob, sink, signal),
      onBytes: (currentBytes) => {
        onLayerProgress({layer: row.id, blob, currentBytes, done: currentBytes === blob.size});
      },
      onWait: this.waitFor(row).begun,
      signal,
    };
  }

  /** Tells of a wait for another process that makes the layer of a blob, and that it has made it. */
  waitFor({id: layer, blob}: LayerRow): {begun(): void; over(): void} {
    const {onLayerProgress} = this.#options;
    let hasWaited = false;
    return {
      begun() {
        hasWaited = true;
        if (blob !== undefined) onLayerProgress({layer, blob, currentBytes: 0, done: false, isWaiting: true});
      },
      over() {
        if (hasWaited && blob !== undefined)
          onLayerProgress({layer, blob, currentBytes: blob.size, done: true});
      },
    };
  }

  /** The blob of a layer in the store, made if need be. */
  async ensure(
    id: LayerId,
    questions: LayerQuestions,
    signal: AbortSignal,
    first: LayerRow = questions.row(),
  ): Promise<WrittenLayer> {
    const {row} = questions;
    const ready = await this.#ready(first);
    if (ready !== undefined) return ready;
    const wait = this.waitFor(row());
    const make = async (): Promise<WrittenLayer> => {
      const again = await this.#ready(row());
      if (again !== undefined) {
        wait.over();
        return again;
      }
      const layer = row();
      if (layer.hasDirectory && layer.source === undefined) return this.#pack(layer, questions, signal);
      const blob = blobOf(layer);
      await orLost(layer, signal, async () => {
        if (!(await this.hasBlob(layer))) await receiveBlob(this.#receiving(layer, blob, signal));
        if (isCacheSource(layer.source)) await this.#prove(layer, blob);
      });
      const fetched = await this.#ready(layer);
      assert(fetched !== undefined, `layer ${id} was fetched but is not in the store`);
      return fetched;
    };
    return this.#options.state.locks.withLock(`blob ${id}`, signal, make, wait.begun);
  }

  /** The layer's blob in a format of the export's choice. */
  async ensureFormat(
    id: LayerId,
    format: LayerFormat,
    questions: LayerQuestions,
    signal: AbortSignal,
  ): Promise<WrittenLayer> {
    const row = questions.first ?? questions.row();
    const imported = isImported(row);
    const isKept = imported ? !format.force || isAlready(row, format) : isUsual(format);
    if (isKept) return this.ensure(id, questions, signal, row);
    const key = `${id} ${formatText(imported ? withoutClamp(format) : format)}`;
    return this.#remembered(key, signal, async () => {
      const {compression} = format;
      if (!imported) return this.#writer.fromFiles(await questions.stack(), format, signal, topOf(row));
      // What came with an image keeps all that it has, also what says nothing new.
      if (row.hasDirectory && compression === 'estargz')
        return this.#writer.fromFiles(await questions.stack(), withoutClamp(format), signal, ['allxattrs=1']);
      assert(compression !== 'estargz', `layer ${id} was unpacked to be written as estargz`);
      const {diffId, descriptor} = await this.ensure(id, questions, signal);
      const bytes = (): AsyncIterable<Uint8Array> =>
        this.#options.source.decompress(
          compressionOf(descriptor),
          this.#options.blobs.stream(descriptor.digest),
          'gzip',
        );
      return this.#writer.fromTar(bytes, diffId, format, signal);
    });
  }

  /** What a stack has above its lowest `base` directories, as one layer. */
  async ensureSquashed(
    key: string,
    {directories, base}: {readonly directories: readonly string[]; readonly base: number},
    format: LayerFormat,
    signal: AbortSignal,
  ): Promise<WrittenLayer> {
    return this.#remembered(`${key} ${formatText(format)}`, signal, () =>
      this.#writer.fromFiles(directories, format, signal, [`base=${base}`]),
    );
  }

  /** What was written under `key` before, if its blob is still here; else what `write` writes. */
  async #remembered(
    key: string,
    signal: AbortSignal,
    write: () => Promise<WrittenLayer>,
  ): Promise<WrittenLayer> {
    const {state, blobs} = this.#options;
    return state.locks.withLock(`blob ${key}`, signal, async () => {
      const text = this.#notes.getText('layer-blob', key);
      const known = text === undefined ? undefined : (JSON.parse(text) as WrittenLayer);
      if (known !== undefined && (await blobs.has(known.descriptor.digest))) return known;
      const {diffId, descriptor} = await write();
      const written = {diffId, descriptor};
      this.#notes.set('layer-blob', key, JSON.stringify(written));
      return written;
    });
  }

  /** A registry answers for its images; a shared cache is asked to prove that the blob is the layer it speaks of. */
  async #prove(row: LayerRow, blob: Descriptor): Promise<void> {
    const {source, blobs} = this.#options;
    const hash = createHash('sha256');
    for await (const piece of source.decompress(compressionOf(blob), blobs.stream(blob.digest)))
      hash.update(piece);
    const content = `sha256:${hash.digest('hex')}`;
    if (content !== row.diffId) throw new Error(`layer content is ${content}, its record says ${row.diffId}`);
    this.#notes.set(
      'layer-blob',
      proofKey(row, blob),
      JSON.stringify({diffId: row.diffId, descriptor: blob}),
    );
  }

  /** Of a layer that was unpacked, the content was checked then. */
  #isProven(row: LayerRow, blob: Descriptor): boolean {
    if (!isCacheSource(row.source) || row.hasDirectory) return true;
    return this.#notes.getText('layer-blob', proofKey(row, blob)) !== undefined;
  }

  async #ready(row: LayerRow): Promise<WrittenLayer | undefined> {
    if (row.diffId === undefined || row.blob === undefined || !(await this.hasBlob(row))) return undefined;
    if (!this.#isProven(row, row.blob)) return undefined;
    return {diffId: row.diffId, descriptor: row.blob};
  }

  async #pack(row: LayerRow, questions: LayerQuestions, signal: AbortSignal): Promise<WrittenLayer> {
    const empty = await this.#emptyBlob(row);
    const {diffId, descriptor, compressor} = empty ?? (await this.#packed(row, questions, signal));
    this.#options.state.database.transaction(() => {
      this.#table.setBlob(row.id, diffId, descriptor);
      if (compressor !== undefined) this.#notes.set('layer-blob', compressorKey(row, descriptor), compressor);
    });
    return {diffId, descriptor};
  }

  /**
   * What an empty layer becomes, once one was packed: a request and an fsync for each step that changed nothing would
   * cost as much as running it.
   */
  async #emptyBlob(row: LayerRow): Promise<PackedLayer | undefined> {
    const empty = this.#knownEmpty();
    if (empty === undefined || !(await this.#isEmpty(row))) return undefined;
    if (!(await this.#options.blobs.has(empty.descriptor.digest))) return undefined;
    return {...empty, compressor: undefined};
  }

  /** What is known beforehand of the blob of a layer that changes nothing. */
  emptyLayer(): BlobFacts {
    const empty = this.#knownEmpty();
    return empty === undefined ? noBlob : {diffId: empty.diffId, blob: empty.descriptor};
  }

  #knownEmpty(): WrittenLayer | undefined {
    if (this.#empty === undefined) {
      const text = this.#notes.getText('layer-blob', emptyKey);
      this.#empty = text === undefined ? null : (JSON.parse(text) as WrittenLayer);
    }
    return this.#empty ?? undefined;
  }

  /** A layer of an image may be empty but for the mark that its root is opaque; it has a diffId of its own. */
  async #isEmpty(row: LayerRow): Promise<boolean> {
    if (row.continues !== undefined) return false;
    if (row.diffId !== undefined && (isImported(row) || row.diffId !== this.#knownEmpty()?.diffId))
      return false;
    // An ordinary user may not look into a root that a step gave to somebody else: the helper may.
    const entries = await readdir(this.#options.state.layerPath(row.id)).catch(() => undefined);
    return entries?.length === 0;
  }

  async #packed(
    row: LayerRow,
    {stack: stackOf, isEarly = false}: LayerQuestions,
    signal: AbortSignal,
  ): Promise<PackedLayer> {
    const stack = await stackOf();
    const isEmpty = await this.#isEmpty(row);
    const directories = isEmpty ? stack.slice(0, 1) : stack;
    const more = [...topOf(row), ...(isEarly ? [`nice=${earlyNice}`] : [])];
    const packed =
      (await this.#packedFromEarlier(row, directories, more, signal)) ??
      (await this.#writer.fromFiles(directories, usualFormat, signal, more));
    if (isEmpty && this.#knownEmpty()?.descriptor.digest !== packed.descriptor.digest) {
      this.#empty = {diffId: packed.diffId, descriptor: packed.descriptor};
      this.#notes.set('layer-blob', emptyKey, JSON.stringify(this.#empty));
    }
    return packed;
  }

  /** Of a layer that continues another, most is in the blob of that one (docs/adr/0029). */
  async #packedFromEarlier(
    {continues}: LayerRow,
    directories: readonly string[],
    more: readonly string[],
    signal: AbortSignal,
  ): Promise<PackedLayer | undefined> {
    const earlier = continues === undefined ? undefined : this.#table.layer(continues);
    if (earlier?.blob === undefined || !(await this.hasBlob(earlier))) return undefined;
    const {digest} = earlier.blob;
    // Only of one that was packed here it is certain that it is what its files give, and by what it was compressed.
    const compressor = this.#notes.getText('layer-blob', compressorKey(earlier, earlier.blob));
    if (compressor === undefined) return undefined;
    const file = await this.#options.blobs.path(digest);
    const blob = [`earlier=${file}`, `digest=${digest}`, `compressor=${compressor}`];
    try {
      return await this.#writer.fromFiles(directories, usualFormat, signal, [...more, ...blob]);
    } catch (error) {
      if (error instanceof HelperError && error.phase === 'earlier') return undefined;
      throw error;
    }
  }
}

/** Runs `work`; what goes wrong with a layer that a shared cache promised is a lost layer. */
async function orLost<T>({source}: LayerRow, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !isCacheSource(source) || error instanceof LostLayer) throw error;
    throw new LostLayer(source, error);
  }
}

/** Nobody but a user removes the last of a layer that something speaks of. */
function gone({id, diffId}: LayerRow): Error {
  const message = `layer ${diffId ?? id} has lost both its directory and its blob in the state directory`;
  return buildError('environment', 'store-layer-gone', message, {
    hints: ['tsbuild fsck tells which images are not whole: pull, load or build them again'],
  });
}

/** How many of the directories are the layer's own. */
function topOf({continues}: LayerRow): readonly string[] {
  return continues === undefined ? [] : ['top=2'];
}

function blobOf(row: LayerRow): Descriptor {
  assert(row.blob !== undefined, `layer ${row.id} has neither directory nor blob`);
  return row.blob;
}

function proofKey({id}: LayerRow, {digest}: Descriptor): string {
  return `${id} is ${digest}`;
}

/** Under this is noted what compressed a blob that was packed here. */
function compressorKey({id}: LayerRow, {digest}: Pick<Descriptor, 'digest'>): string {
  return `${id} packed as ${digest}`;
}

function compressionOf({mediaType}: Pick<Descriptor, 'mediaType'>): LayerCompression {
  const compression = layerCompressionOf(mediaType);
  assert(compression !== undefined, `media type ${mediaType} was accepted as a layer`);
  return compression;
}

/** Whether a layer that was not made here has the compression that is asked for. */
function isAlready(row: LayerRow, {compression, level}: LayerFormat): boolean {
  return level === undefined && compressionOf(blobOf(row)) === compression;
}

/** Times in layers of base images stay as they are, as in BuildKit. */
function withoutClamp({latestSeconds: _, ...format}: LayerFormat): LayerFormat {
  return format;
}
