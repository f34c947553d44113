// Digests of the regular files of a context: from the stat cache where nothing changed, else from the helper, all
// missing ones in one request. The cache is read when the first digest is wanted and written when there are new
// ones.

import {buildError} from '../../diagnostics/build-error.ts';
import {type Helper, viewArguments} from '../../helper/helper.ts';
import {isRegularFile, type TreeRecord} from '../../tree/record.ts';
import {isSettled} from '../../tree/settled.ts';
import type {Tree} from '../../tree/tree.ts';
import {assert} from '../../util/assert.ts';
import {isPlainText} from '../../util/path-text.ts';
import {StatCache} from './stat-cache.ts';

/** Where the bytes of a stat cache are kept; `key` is the directory. */
export interface StatCacheStore {
  load(key: string): Promise<Uint8Array | undefined>;
  /** May take its time: who loads meanwhile hashes again. */
  save(key: string, bytes: Uint8Array): void;
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
  /** All that was found so far. */
  readonly tree: Tree;
}

const digestBytes = 32;
// A request frame holds 16 MiB. The paths of one are there as texts, as bytes and in the frame.
const argumentBytesMax = 1 << 20;

export class FileDigests {
  readonly #options: FileDigestsOptions;
  /** Of files that the cache does not know: where their digest is among all that came. */
  readonly #hashed = new Map<TreeRecord, number>();
  /** One after the other: an object for each would take four times as much. */
  #digests = Buffer.alloc(0);
  readonly #answer = new Uint8Array(digestBytes);
  #loading: Promise<void> | undefined;
  #cache = StatCache.empty;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: FileDigestsOptions) {
    this.#options = options;
  }

  /** 32 bytes of a record that was given to `learn`; they hold until the next call. */
  of(record: TreeRecord): Uint8Array {
    const index = this.#cache.indexOf(record);
    if (index >= 0) {
      this.#cache.copyDigest(index, this.#answer);
      return this.#answer;
    }
    const hashed = this.#hashed.get(record);
    assert(hashed !== undefined, `no digest was asked for ${record.path}`);
    return this.#digestAt(hashed);
  }

  #digestAt(index: number): Uint8Array {
    return this.#digests.subarray(index * digestBytes, (index + 1) * digestBytes);
  }

  async #load(): Promise<void> {
    this.#cache = StatCache.decode(await this.#options.store.load(this.#options.directory));
  }

  /**
   * Finds the digests of all regular files among `records`. Callers take turns: none hashes what another is
   * hashing.
   */
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
    this.#loading ??= this.#load();
    await this.#loading;
    const wanted = records.filter(
      (record) => isRegularFile(record) && !this.#hashed.has(record) && this.#cache.indexOf(record) < 0,
    );
    if (wanted.length === 0) return;
    const files = new Set(wanted);
    const known = this.#digests;
    this.#digests = Buffer.alloc(known.length + files.size * digestBytes);
    this.#digests.set(known);
    let next = known.length / digestBytes;
    for (const batch of digestBatches(files)) {
      await this.#hash(batch, next, signal);
      next += batch.length;
    }
    this.#save(scan);
  }

  /** The digests come to lie from number `first` on. */
  async #hash(records: readonly TreeRecord[], first: number, signal: AbortSignal | undefined): Promise<void> {
    const helper = await this.#options.helper();
    const view = viewArguments({dir: this.#options.directory});
    const end = (first + records.length) * digestBytes;
    let at = first * digestBytes;
    await helper.request('digest', [...view, ...records.map(({path}) => `file=${path}`)], {
      ...(signal === undefined ? {} : {signal}),
      onData: (bytes) => {
        assert(at + bytes.length <= end, 'more digests than files');
        this.#digests.set(bytes, at);
        at += bytes.length;
      },
    });
    assert(at === end, 'fewer digests than files');
    for (const [index, record] of records.entries()) {
      if (this.#isNone(first + index)) throw unreadable(record);
      this.#hashed.set(record, first + index);
    }
  }

  #isNone(index: number): boolean {
    const end = (index + 1) * digestBytes;
    for (let at = index * digestBytes; at < end; at++) if (this.#digests[at] !== 0) return false;
    return true;
  }

  /** All that is known of the files that were found, and the old entries of parts that were not looked at. */
  #save({startMs, tree}: DigestScan): void {
    const rows: (number | TreeRecord)[] = [];
    for (const record of tree.kept) {
      if (!isRegularFile(record)) continue;
      const index = this.#cache.indexOf(record);
      const hashed = index < 0 ? this.#hashed.get(record) : undefined;
      if (index >= 0) rows.push(index);
      else if (hashed !== undefined && isSettled(record, startMs) && isPlainText(record.path)) {
        rows.push(record);
      }
    }
    const {directory, store} = this.#options;
    store.save(
      directory,
      this.#cache.with(
        rows,
        (record) => this.of(record),
        (path) => !tree.coversBelow(path),
      ),
    );
  }
}

/** Lists of files, each of which fits into one `digest` request. */
export function* digestBatches(records: Iterable<TreeRecord>): Iterable<readonly TreeRecord[]> {
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
