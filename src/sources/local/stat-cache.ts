// Remembered digests of files of a context: as long as path, inode, size, mtime and ctime are what they were, the bytes are.
// Format in docs/formats/stat-cache.md. Anything odd about the stored bytes gives an empty cache, never an error: the
// cost is hashing again.

import {hash} from 'node:crypto';
import type {TreeRecord} from '../../tree/record.ts';
import {isPlainText} from '../../util/path-text.ts';

export const statCacheVersion = 1;

const magic = 'tsbstat\n';
const headerBytes = 24;
const entryBytes = 72;
const digestAt = 40;
const digestBytes = 32;
const two32 = 2 ** 32;

// A change within the kernel's clock tick after our look at a file can leave its ctime as it was ("racily clean", as in
// git). Ticks are at most 10 ms; file systems without nanoseconds count in seconds, FAT in two.
const tickMs = 10;
const coarseTickMs = 2000;

/** Whether a later change of the file is sure to show, given when the scan began. */
export function isSettled(record: TreeRecord, scanStartMs: number): boolean {
  const ctimeMs = record.ctimeSeconds * 1000 + record.ctimeNanoseconds / 1e6;
  return ctimeMs + (record.ctimeNanoseconds === 0 ? coarseTickMs : tickMs) <= scanStartMs;
}

export interface StatEntry {
  readonly record: TreeRecord;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

export class StatCache {
  static readonly empty = new StatCache(Buffer.alloc(0), []);

  readonly #bytes: Buffer;
  readonly #paths: readonly string[];
  readonly #indexes = new Map<string, number>();

  private constructor(bytes: Buffer, paths: readonly string[]) {
    this.#bytes = bytes;
    this.#paths = paths;
    for (let index = 0; index < paths.length; index++) this.#indexes.set(paths[index] ?? '', index);
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

  /** The digest of a file that is exactly as it was. The bytes belong to the cache. */
  digestOf(record: TreeRecord): Uint8Array | undefined {
    const index = this.#indexes.get(record.path);
    if (index === undefined) return undefined;
    const at = headerBytes + index * entryBytes;
    const bytes = this.#bytes;
    const isSame =
      readU64(bytes, at) === record.inode &&
      readU64(bytes, at + 8) === record.size &&
      readI64(bytes, at + 16) === record.mtimeSeconds &&
      readI64(bytes, at + 24) === record.ctimeSeconds &&
      bytes.readUInt32LE(at + 32) === record.mtimeNanoseconds &&
      bytes.readUInt32LE(at + 36) === record.ctimeNanoseconds;
    return isSame ? bytes.subarray(at + digestAt, at + digestAt + digestBytes) : undefined;
  }

  /** A cache with `entries`, and of this one what is not about `replaced` paths. */
  with(entries: readonly StatEntry[], replaced: (path: string) => boolean): Uint8Array {
    const added = entries.filter(({record}) => isPlainText(record.path));
    const kept: number[] = [];
    for (let index = 0; index < this.#paths.length; index++) {
      if (!replaced(this.#paths[index] ?? '')) kept.push(index);
    }
    const count = added.length + kept.length;
    const paths = Buffer.from(
      [...added.map(({record}) => record.path), ...kept.map((index) => this.#paths[index])].join('\0'),
    );
    const body = Buffer.alloc(headerBytes + count * entryBytes + paths.length);
    body.write(magic, 0, 'latin1');
    body.writeUInt32LE(statCacheVersion, 8);
    body.writeUInt32LE(count, 12);
    body.writeUInt32LE(paths.length, 16);
    let at = headerBytes;
    for (const entry of added) {
      writeEntry(body, at, entry);
      at += entryBytes;
    }
    for (const index of kept) {
      const from = headerBytes + index * entryBytes;
      this.#bytes.copy(body, at, from, from + entryBytes);
      at += entryBytes;
    }
    paths.copy(body, at);
    return Buffer.concat([body, Buffer.from(hash('sha256', body, 'hex'), 'hex')]);
  }
}

function writeEntry(to: Buffer, at: number, {record, digest}: StatEntry): void {
  writeU64(to, at, record.inode);
  writeU64(to, at + 8, record.size);
  writeI64(to, at + 16, record.mtimeSeconds);
  writeI64(to, at + 24, record.ctimeSeconds);
  to.writeUInt32LE(record.mtimeNanoseconds, at + 32);
  to.writeUInt32LE(record.ctimeNanoseconds, at + 36);
  to.set(digest, at + digestAt);
}

function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * two32 + bytes.readUInt32LE(at);
}

function writeU64(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32LE(value % two32, at);
  bytes.writeUInt32LE(Math.floor(value / two32), at + 4);
}

function readI64(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at + 4) * two32 + bytes.readUInt32LE(at);
}

function writeI64(bytes: Buffer, at: number, value: number): void {
  const low = ((value % two32) + two32) % two32;
  bytes.writeUInt32LE(low, at);
  bytes.writeInt32LE((value - low) / two32, at + 4);
}
