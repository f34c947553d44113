// One --cache-to: records and the layers they speak of, written while the build goes on, so that a build that fails
// later leaves what it finished. Layers go first, then the record. After the first failure nothing more is tried.

import type {Descriptor} from '../oci/descriptor.ts';
import type {EqualLayers} from '../snapshot/equal-layers.ts';
import {isImageSource, LostLayer} from '../snapshot/layer-source.ts';
import type {LayerId, SnapshotId} from '../snapshot/layer-table.ts';
import type {SharedLayer} from '../snapshot/shared-layers.ts';
import type {Snapshotter} from '../snapshot/snapshotter.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import {mapLimited} from '../util/map-limited.ts';
import {SingleFlight} from '../util/single-flight.ts';
import type {CacheBackend} from './backends/backend.ts';
import type {FilesOf} from './input-difference.ts';
import {digestsOf, type RecentRecord} from './recent-document.ts';
import type {RecordCache} from './record-cache.ts';
import type {RecordTaker} from './shared-cache.ts';
import {documentName, formatRecord, parseRecord, primaryKeyOf, type SharedRecord} from './shared-record.ts';
import {tell} from './telling-caches.ts';
import {twinRecord} from './twins.ts';

export interface CacheExportOptions {
  readonly backend: CacheBackend;
  /** What layers that are only there call it. */
  readonly source: string;
  /** `min`: layers only of the result, and of other steps only the keys; written at the end. */
  readonly mode: 'min' | 'max';
  readonly records: RecordCache;
  /** What other caches told of a key. */
  readonly told: (key: string) => SharedRecord | undefined;
  readonly snapshotter: Snapshotter;
  readonly equalLayers: EqualLayers;
  readonly blobs: LocalBlobStore;
  /** Of content digests. */
  readonly filesOf: FilesOf;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

const uploadsMax = 4;

export class CacheExport implements RecordTaker {
  readonly #options: CacheExportOptions;
  readonly #seen = new Set<string>();
  readonly #waiting: string[] = [];
  /** Records whose layers are not to be kept. */
  readonly #withoutLayers = new Set<string>();
  readonly #sent = new Map<string, Promise<void>>();
  readonly #there = new Map<string, Promise<boolean>>();
  readonly #packing = new SingleFlight<LayerId, {diffId: SharedLayer['diffId']; descriptor: Descriptor}>();
  #running = 0;
  #idle: (() => void) | undefined;
  #failure: unknown;

  constructor(options: CacheExportOptions) {
    this.#options = options;
  }

  /** Says that a record is worth having elsewhere. */
  add(key: string): void {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#waiting.push(key);
    if (this.#options.mode === 'max') this.#start();
  }

  /** Writes what is left, and waits for all. Gives the first failure. */
  async finish(results: readonly SnapshotId[]): Promise<unknown> {
    const {mode, snapshotter, records} = this.#options;
    if (mode === 'min') {
      const layers = new Set(results.flatMap((result) => snapshotter.layersOf(result)));
      if (results.length === 0) this.#waiting.length = 0;
      for (const key of this.#waiting) {
        const snapshot = records.read(key)?.snapshot;
        const isKept =
          snapshot !== undefined && snapshotter.layersOf(snapshot).every((one) => layers.has(one));
        if (!isKept) this.#withoutLayers.add(key);
      }
      this.#start();
    }
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    if (this.#failure === undefined) await this.#tell();
    return this.#failure;
  }

  #start(): void {
    while (this.#running < uploadsMax && this.#failure === undefined) {
      const key = this.#waiting.shift();
      if (key === undefined) break;
      this.#running++;
      this.#upload(key)
        .catch((error: unknown) => {
          // What another cache lost is not this one's failure.
          if (!(error instanceof LostLayer)) this.#failure ??= error;
        })
        .finally(() => {
          this.#running--;
          this.#start();
          if (this.#running === 0) this.#idle?.();
        });
    }
  }

  async #upload(key: string): Promise<void> {
    const {backend, signal} = this.#options;
    const record = await this.#recordOf(key);
    if (record === undefined) return;
    const names = [...new Set([record.primary, key])];
    const missing: string[] = [];
    const isWhole = record.layers.length > 0;
    for (const name of names) if (!(await this.#isThere(name, isWhole))) missing.push(name);
    if (missing.length === 0) return;
    const kept = record.layers.filter(({isBase}) => !isBase).map(({blob}) => blob);
    await mapLimited(kept, uploadsMax, (blob) => this.#send(blob));
    // Before the records, which say that everything is there.
    await this.#uploadTwin(key);
    for (const name of missing) {
      signal.throwIfAborted();
      await backend.write(documentName(name), formatRecord({...record, key: name}), kept, signal);
    }
  }

  /** Explains later misses: whatever is wrong with it, the records are written. */
  async #tell(): Promise<void> {
    const {backend, records, told, filesOf, patienceMs, signal} = this.#options;
    const own: RecentRecord[] = [];
    // Files are named where their layer is given as well, and nowhere else: what a RUN has bound is in no layer.
    const given = new Set<string>();
    for (const key of this.#seen) {
      const stored = records.read(key);
      const {name, ingredients} = stored ?? told(key) ?? {};
      if (name === undefined || ingredients === undefined) continue;
      own.push({name, ingredients});
      const isGiven =
        stored !== undefined && !this.#withoutLayers.has(key) && !ingredients.op.startsWith('exec ');
      if (isGiven) for (const digest of digestsOf(ingredients)) given.add(digest);
    }
    const givenFiles: FilesOf = (digest) => (given.has(digest) ? filesOf(digest) : undefined);
    await tell(backend, own, givenFiles, {signal, patienceMs});
  }

  async #uploadTwin(key: string): Promise<void> {
    const {backend, records, equalLayers, signal} = this.#options;
    const stored = records.read(key);
    const twin = stored && (await twinRecord(stored, equalLayers, signal));
    if (twin === undefined || (await this.#isThere(twin.key, false))) return;
    await backend.write(documentName(twin.key), formatRecord(twin), [], signal);
  }

  async #recordOf(key: string): Promise<SharedRecord | undefined> {
    const {records, told, snapshotter, signal} = this.#options;
    const stored = records.read(key);
    if (stored === undefined) return withoutLayers(told(key));
    const {snapshot, ingredients, resultKey, name, usage} = stored;
    const layers: SharedLayer[] = [];
    const stack = this.#withoutLayers.has(key) ? [] : snapshotter.stackOf(snapshot);
    for (const {layer, epochSeconds} of stack) {
      const {source, diffId: knownId, blob: knownBlob, createdMs} = snapshotter.layerRow(layer);
      const isBase = isImageSource(source);
      const isElsewhere = isBase || (source !== undefined && source === this.#options.source);
      const {diffId, descriptor} =
        isElsewhere && knownId !== undefined && knownBlob !== undefined
          ? {diffId: knownId, descriptor: knownBlob}
          : await this.#packing.run(layer, () => snapshotter.blobOf(layer, signal));
      layers.push({diffId, blob: descriptor, isBase, epochSeconds, createdMs});
    }
    return {key, primary: primaryKeyOf(key, ingredients), ingredients, resultKey, name, usage, layers};
  }

  /** Whether the cache has a record of the key whose layers it has too; `isWhole`: one that has layers. */
  async #isThere(key: string, isWhole: boolean): Promise<boolean> {
    const {backend, signal} = this.#options;
    const bytes = await backend.read(documentName(key), signal);
    const record = bytes === undefined ? undefined : parseRecord(key, bytes);
    if (record === undefined || 'problem' in record) return false;
    if (isWhole && record.layers.length === 0) return false;
    const kept = record.layers.filter(({isBase}) => !isBase);
    const found = await mapLimited(kept, uploadsMax, ({blob}) => this.#has(blob));
    return found.every((here) => here);
  }

  /** Asked once for each: every record speaks of the layers of the ones before it, too. */
  #has(blob: Descriptor): Promise<boolean> {
    let promise = this.#there.get(blob.digest);
    if (promise === undefined) {
      promise = this.#options.backend.hasBlob(blob, this.#options.signal);
      this.#there.set(blob.digest, promise);
    }
    return promise;
  }

  #send(blob: Descriptor): Promise<void> {
    let promise = this.#sent.get(blob.digest);
    if (promise === undefined) {
      promise = this.#sendOnce(blob);
      this.#sent.set(blob.digest, promise);
    }
    return promise;
  }

  async #sendOnce(blob: Descriptor): Promise<void> {
    const {backend, blobs, signal} = this.#options;
    if (await this.#has(blob)) return;
    await backend.writeBlob(blob, () => blobs.stream(blob.digest), signal);
    this.#there.set(blob.digest, Promise.resolve(true));
  }
}

function withoutLayers(record: SharedRecord | undefined): SharedRecord | undefined {
  return record === undefined ? undefined : {...record, layers: []};
}
