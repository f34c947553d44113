// Digests of the regular files of a context: from the stat cache where nothing changed, else from the helper, all missing
// ones in one request. The cache is read when the first digest is wanted and written when there are new ones.

import {buildError} from '../../diagnostics/build-error.ts';
import {type Helper, viewArguments} from '../../helper/helper.ts';
import {isRegularFile, type TreeRecord} from '../../tree/record.ts';
import {assert} from '../../util/assert.ts';
import {isSettled, StatCache, type StatEntry} from './stat-cache.ts';

/** Where the bytes of a stat cache are kept; `key` is the directory. */
export interface StatCacheStore {
  load(key: string): Promise<Uint8Array | undefined>;
  save(key: string, bytes: Uint8Array): Promise<void>;
}

export interface FileDigestsOptions {
  readonly directory: string;
  readonly store: StatCacheStore;
  helper(): Promise<Helper>;
}

/** What the walk knows beyond the records. */
export interface DigestScan {
  /** When it began. */
  readonly startMs: number;
  /** The path was looked for and is not there, or ignored. */
  isGone(path: string): boolean;
}

const digestBytes = 32;
// A request frame holds 16 MiB.
const argumentBytesMax = 8 << 20;

export class FileDigests {
  readonly #options: FileDigestsOptions;
  readonly #known = new Map<TreeRecord, Uint8Array>();
  #cache: Promise<StatCache> | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: FileDigestsOptions) {
    this.#options = options;
  }

  /** 32 bytes of a record that was given to `learn`. */
  of(record: TreeRecord): Uint8Array {
    const digest = this.#known.get(record);
    assert(digest !== undefined, `no digest was asked for ${record.path}`);
    return digest;
  }

  /** Starts reading the stored cache, which takes about as long as a scan. */
  prepare(): void {
    this.#cache ??= this.#options.store
      .load(this.#options.directory)
      .then((bytes) => StatCache.decode(bytes));
    // Whoever needs it gets the error.
    this.#cache.catch(() => undefined);
  }

  /** Finds the digests of all regular files among `records`. Callers take turns: none hashes what another is hashing. */
  async learn(
    records: readonly TreeRecord[],
    scan: DigestScan,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const turn = this.#running.then(() => this.#learn(records, scan, signal));
    this.#running = turn.catch(() => undefined);
    await turn;
  }

  async #learn(
    records: readonly TreeRecord[],
    scan: DigestScan,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.prepare();
    const cache = (await this.#cache) ?? StatCache.empty;
    const wanted: TreeRecord[] = [];
    for (const record of records) {
      if (!isRegularFile(record) || this.#known.has(record)) continue;
      const digest = record.digest ?? cache.digestOf(record);
      if (digest === undefined) wanted.push(record);
      else this.#known.set(record, digest);
    }
    if (wanted.length === 0) return;
    for (const batch of batchesOf(wanted)) await this.#hash(batch, signal);
    await this.#save(cache, scan);
  }

  async #hash(records: readonly TreeRecord[], signal: AbortSignal | undefined): Promise<void> {
    const helper = await this.#options.helper();
    const view = viewArguments({dir: this.#options.directory});
    const parts: Uint8Array[] = [];
    await helper.request('digest', [...view, ...records.map(({path}) => `file=${path}`)], {
      ...(signal === undefined ? {} : {signal}),
      onData: (bytes) => parts.push(Uint8Array.from(bytes)),
    });
    const digests = Buffer.concat(parts);
    assert(digests.length === records.length * digestBytes, `${digests.length} bytes of digests`);
    for (const [index, record] of records.entries()) {
      const digest = digests.subarray(index * digestBytes, (index + 1) * digestBytes);
      if (digest.every((byte) => byte === 0)) throw unreadable(record);
      this.#known.set(record, digest);
    }
  }

  /** All that is known of this build, and the old entries of files that it has not met, unless they are gone. */
  async #save(cache: StatCache, scan: DigestScan): Promise<void> {
    const met = new Set<string>();
    const entries: StatEntry[] = [];
    for (const [record, digest] of this.#known) {
      met.add(record.path);
      if (isSettled(record, scan.startMs)) entries.push({record, digest});
    }
    const {directory, store} = this.#options;
    await store.save(
      directory,
      cache.with(entries, (path) => met.has(path) || scan.isGone(path)),
    );
  }
}

function* batchesOf(records: readonly TreeRecord[]): Iterable<readonly TreeRecord[]> {
  let batch: TreeRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    // UTF-16 units are at most three bytes each.
    bytes += record.path.length * 3 + 6;
    if (bytes > argumentBytesMax) {
      yield batch;
      batch = [];
      bytes = record.path.length * 3 + 6;
    }
    batch.push(record);
  }
  yield batch;
}

function unreadable(record: TreeRecord): Error {
  return buildError('user', 'context-unreadable', `cannot read ${record.path} of the build context`, {
    hints: ['make it readable, or exclude it with a .dockerignore file'],
  });
}
