// Remembered digests of files of a context: as long as path, inode, size, mtime and ctime are what they were, the
// bytes are. Format in docs/formats/stat-cache.md. Anything odd about the stored bytes gives an empty cache, never
// an error: the cost is hashing again.

import {hash} from 'node:crypto';
import type {TreeRecord} from '../../tree/record.ts';
import {partitionPoint, treeOrder} from '../../tree/tree-order.ts';

const statCacheVersion = 1;

const magic = 'tsbstat\n';
const headerBytes = 24;
const entryBytes = 72;
const digestAt = 40;
const digestBytes = 32;
const two32 = 2 ** 32;

/** An entry of a cache by its index, or a new one, whose path must be plain text (util/path-text.ts). */
type Row = number | TreeRecord;

/** Lookups in tree order, as a build makes them, step from entry to entry; any other order costs a search. */
export class StatCache {
  static readonly empty = new StatCache(Buffer.alloc(0), []);

  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** In tree order. */
  readonly #paths: readonly string[];
  /** Where the next lookup is expected. */
  #cursor = 0;

  private constructor(bytes: Buffer, paths: readonly string[]) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#paths = paths;
  }

  static decode(stored: Uint8Array | undefined): StatCache {
    if (stored === undefined || stored.length < headerBytes + digestBytes) return StatCache.empty;
    const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    const body = bytes.subarray(0, bytes.length - digestBytes);
    const count = bytes.readUInt32LE(12);
    const pathBytes = bytes.readUInt32LE(16);
    const isWhole =
      bytes.toString('latin1', 0, 8) === magic &&
      bytes.readUInt32LE(8) === statCacheVersion &&
      body.length === headerBytes + count * entryBytes + pathBytes &&
      hash('sha256', body, 'hex') === bytes.toString('hex', body.length);
    if (!isWhole) return StatCache.empty;
    const text = body.toString('utf8', headerBytes + count * entryBytes);
    const paths = count === 0 ? [] : text.split('\0');
    return paths.length === count ? new StatCache(body, paths) : StatCache.empty;
  }

  get size(): number {
    return this.#paths.length;
  }

  /** The entry of a file that is exactly as it was, -1 when there is none. */
  indexOf(record: TreeRecord): number {
    const index = this.#find(record.path);
    if (index < 0) return -1;
    const at = headerBytes + index * entryBytes;
    const view = this.#view;
    const isSame =
      view.getUint32(at + 36, true) === record.ctimeNanoseconds &&
      view.getUint32(at + 32, true) === record.mtimeNanoseconds &&
      readI64(view, at + 24) === record.ctimeSeconds &&
      readI64(view, at + 16) === record.mtimeSeconds &&
      readU64(view, at + 8) === record.size &&
      readU64(view, at) === record.inode;
    return isSame ? index : -1;
  }

  /** Copies the digest of an entry. */
  copyDigest(index: number, to: Uint8Array): void {
    const at = headerBytes + index * entryBytes + digestAt;
    // Of so few bytes a call into the runtime costs more than they do.
    for (let byte = 0; byte < digestBytes; byte++) to[byte] = this.#bytes[at + byte] ?? 0;
  }

  #find(path: string): number {
    const paths = this.#paths;
    let index = this.#cursor;
    if (paths[index] !== path) {
      index = partitionPoint(0, paths.length, (at) => treeOrder(paths[at] ?? '', path) < 0);
      if (paths[index] !== path) return -1;
    }
    this.#cursor = index + 1;
    return index;
  }

  /**
   * The bytes of a cache with these rows, in tree order: entries of this one by their index, or new ones, whose
   * digests `digestOf` gives, 32 bytes that need only hold until the next call; and the other entries of this one that
   * `isKept`, which no row is about.
   */
  with(
    rows: readonly Row[],
    digestOf: (record: TreeRecord) => Uint8Array,
    isKept: (path: string) => boolean,
  ): Uint8Array {
    const all = this.#withKept(rows, isKept);
    let pathBytes = Math.max(all.length - 1, 0);
    for (const row of all) pathBytes += Buffer.byteLength(this.#pathOf(row));
    const pathsAt = headerBytes + all.length * entryBytes;
    const bytes = Buffer.alloc(pathsAt + pathBytes + digestBytes);
    const body = bytes.subarray(0, pathsAt + pathBytes);
    body.write(magic, 0, 'latin1');
    body.writeUInt32LE(statCacheVersion, 8);
    body.writeUInt32LE(all.length, 12);
    body.writeUInt32LE(pathBytes, 16);
    this.#writeRows(body, all, digestOf);
    let at = pathsAt;
    for (const row of all) at += body.write(this.#pathOf(row), at) + 1;
    bytes.write(hash('sha256', body, 'hex'), body.length, 'hex');
    return bytes;
  }

  #withKept(rows: readonly Row[], isKept: (path: string) => boolean): readonly Row[] {
    const taken = new Uint8Array(this.#paths.length);
    for (const row of rows) if (typeof row === 'number') taken[row] = 1;
    const kept: number[] = [];
    for (let index = 0; index < taken.length; index++) {
      if (taken[index] === 0 && isKept(this.#pathOf(index))) kept.push(index);
    }
    if (kept.length === 0) return rows;
    return [...rows, ...kept].sort((a, b) => treeOrder(this.#pathOf(a), this.#pathOf(b)));
  }

  #pathOf(row: Row): string {
    return typeof row === 'number' ? (this.#paths[row] ?? '') : row.path;
  }

  /** Entries that stay next to each other are copied together: usually all but the few files that changed. */
  #writeRows(to: Buffer, rows: readonly Row[], digestOf: (record: TreeRecord) => Uint8Array): void {
    for (let index = 0; index < rows.length; ) {
      const row = rows[index];
      const at = headerBytes + index * entryBytes;
      if (typeof row !== 'number') {
        if (row !== undefined) writeEntry(to, at, row, digestOf(row));
        index++;
        continue;
      }
      let length = 1;
      while (rows[index + length] === row + length) length++;
      const from = headerBytes + row * entryBytes;
      this.#bytes.copy(to, at, from, from + length * entryBytes);
      index += length;
    }
  }
}

function writeEntry(to: Buffer, at: number, record: TreeRecord, digest: Uint8Array): void {
  writeU64(to, at, record.inode);
  writeU64(to, at + 8, record.size);
  writeI64(to, at + 16, record.mtimeSeconds);
  writeI64(to, at + 24, record.ctimeSeconds);
  to.writeUInt32LE(record.mtimeNanoseconds, at + 32);
  to.writeUInt32LE(record.ctimeNanoseconds, at + 36);
  to.set(digest, at + digestAt);
}

function readU64(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  return high === 0 ? view.getUint32(at, true) : high * two32 + view.getUint32(at, true);
}

function writeU64(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32LE(value % two32, at);
  bytes.writeUInt32LE(Math.floor(value / two32), at + 4);
}

function readI64(view: DataView, at: number): number {
  const high = view.getInt32(at + 4, true);
  return high === 0 ? view.getUint32(at, true) : high * two32 + view.getUint32(at, true);
}

function writeI64(bytes: Buffer, at: number, value: number): void {
  const low = ((value % two32) + two32) % two32;
  bytes.writeUInt32LE(low, at);
  bytes.writeInt32LE((value - low) / two32, at + 4);
}
