// What a walk says of one file: the `scan` record of docs/formats/helper-protocol.md as an object, and the decoder
// from a stream of buffers. Paths are text with escapes for bytes that are not UTF-8 (util/path-text.ts). An inode
// number beyond 2^53 (overlay with xino) loses its low bits here: it is only ever compared together with times and
// size.

import {assert} from '../util/assert.ts';
import {decodePathText} from '../util/path-text.ts';
import {keepHeapSmall, manyEntries} from '../util/small-heap.ts';

export interface TreeRecord {
  /** Relative to the root, no leading slash; '.' for the root. */
  readonly path: string;
  /** st_mode, type bits included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes, of a regular file or symlink. */
  readonly size: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  readonly linkCount: number;
  readonly ctimeSeconds: number;
  readonly ctimeNanoseconds: number;
  readonly inode: number;
  readonly device: number;
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  /** Of a symlink; '' otherwise. */
  readonly linkTarget: string;
  /** What distinguishes its extended attributes (`scan` of the helper protocol). */
  readonly attributes: Uint8Array | undefined;
  /** SHA-256, when the scan was asked for it. */
  readonly digest: Uint8Array | undefined;
}

const typeMask = 0o170000;

/** The first whole second that is not before the entry's time: what is made of it may have that time (docs/adr/0006). */
export function secondNotBefore(record: Pick<TreeRecord, 'mtimeSeconds' | 'mtimeNanoseconds'>): number {
  return record.mtimeNanoseconds === 0 ? record.mtimeSeconds : record.mtimeSeconds + 1;
}

export function isDirectory(record: {readonly mode: number}): boolean {
  return (record.mode & typeMask) === 0o040000;
}

export function isRegularFile(record: {readonly mode: number}): boolean {
  return (record.mode & typeMask) === 0o100000;
}

export function isSymlink(record: {readonly mode: number}): boolean {
  return (record.mode & typeMask) === 0o120000;
}

/** Block or character device. */
export function isDevice(record: {readonly mode: number}): boolean {
  const type = record.mode & typeMask;
  return type === 0o020000 || type === 0o060000;
}

const fixedLength = 92;
const digestLength = 32;
const hasDigest = 1;
const hasAttributes = 2;
const two32 = 2 ** 32;
// Far above PATH_MAX plus a link target plus the largest xattr: more is a broken stream.
const recordLengthMax = 1 << 20;

/** Decodes records from buffers that may end anywhere. The buffers are not kept. */
export class ScanDecoder {
  readonly records: TreeRecord[] = [];
  /** The start of a record whose end has not come. */
  #rest = Buffer.alloc(0);

  push(bytes: Uint8Array): void {
    const chunk = new Chunk(Buffer.concat([this.#rest, bytes]));
    const end = chunk.decodeInto(this.records);
    this.#rest = Buffer.from(chunk.bytes.subarray(end));
    if (this.records.length > manyEntries) keepHeapSmall();
  }

  /** The records of the whole stream. */
  finish(): TreeRecord[] {
    assert(this.#rest.length === 0, 'a scan ended within a record');
    return this.records;
  }
}

// A regular expression is fast from its first use on; a loop over characters only once it was compiled.
const plain = /^[\x00-\x7f]*$/;

/** A buffer of records. Only their paths and modes are read at once: most of the rest never is. */
class Chunk {
  readonly bytes: Buffer;
  readonly view: DataView;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Gives where the last whole record ends. */
  decodeInto(records: TreeRecord[]): number {
    const {bytes, view} = this;
    let at = 0;
    while (at + 4 <= bytes.length) {
      const length = view.getUint32(at, true);
      assert(length >= fixedLength && length <= recordLengthMax, `a scan record of ${length} bytes`);
      if (at + length > bytes.length) break;
      const pathEnd = at + fixedLength + view.getUint32(at + 80, true);
      const digestAt = pathEnd + view.getUint32(at + 84, true) + view.getUint32(at + 88, true);
      const withDigest = (view.getUint32(at + 52, true) & hasDigest) !== 0;
      const expected = digestAt - at + (withDigest ? digestLength : 0);
      assert(expected === length, `a scan record of ${length} bytes whose parts have ${expected}`);
      records.push(new ScanRecord(this, at, this.textOf(at + fixedLength, pathEnd)));
      at += length;
    }
    return at;
  }

  textOf(start: number, end: number): string {
    // Not a slice of all bytes as characters, which would be four times as long as the paths among them.
    const text = this.bytes.toString('latin1', start, end);
    return plain.test(text) ? text : decodePathText(this.bytes, start, end);
  }

  unsigned64(at: number): number {
    const high = this.view.getUint32(at + 4, true);
    const low = this.view.getUint32(at, true);
    return high === 0 ? low : high * two32 + low;
  }

  signed64(at: number): number {
    const high = this.view.getInt32(at + 4, true);
    const low = this.view.getUint32(at, true);
    return high === 0 ? low : high * two32 + low;
  }
}

class ScanRecord implements TreeRecord {
  readonly path: string;
  readonly mode: number;
  readonly #chunk: Chunk;
  readonly #at: number;

  constructor(chunk: Chunk, at: number, path: string) {
    this.path = path;
    this.mode = chunk.view.getUint32(at + 4, true);
    this.#chunk = chunk;
    this.#at = at;
  }

  get uid(): number {
    return this.#u32(8);
  }
  get gid(): number {
    return this.#u32(12);
  }
  get size(): number {
    return this.#chunk.unsigned64(this.#at + 16);
  }
  get mtimeSeconds(): number {
    return this.#chunk.signed64(this.#at + 24);
  }
  get mtimeNanoseconds(): number {
    return this.#u32(32);
  }
  get linkCount(): number {
    return this.#u32(36);
  }
  get ctimeSeconds(): number {
    return this.#chunk.signed64(this.#at + 40);
  }
  get ctimeNanoseconds(): number {
    return this.#u32(48);
  }
  get inode(): number {
    return this.#chunk.unsigned64(this.#at + 56);
  }
  get device(): number {
    return this.#chunk.unsigned64(this.#at + 64);
  }
  get rdevMajor(): number {
    return this.#u32(72);
  }
  get rdevMinor(): number {
    return this.#u32(76);
  }
  get linkTarget(): string {
    const length = this.#u32(84);
    const start = this.#at + fixedLength + this.#u32(80);
    return length === 0 ? '' : this.#chunk.textOf(start, start + length);
  }
  get attributes(): Uint8Array | undefined {
    return (this.#u32(52) & hasAttributes) === 0 ? undefined : this.#attributes();
  }
  get digest(): Uint8Array | undefined {
    if ((this.#u32(52) & hasDigest) === 0) return undefined;
    const {buffer, byteOffset} = this.#chunk.bytes;
    const end = this.#at + this.#u32(0);
    return new Uint8Array(buffer, byteOffset + end - digestLength, digestLength);
  }

  /** Whether both walks said the very same. */
  isSameAs(other: TreeRecord): boolean {
    if (!(other instanceof ScanRecord)) return false;
    const [end, otherEnd] = [this.#at + this.#u32(0), other.#at + other.#u32(0)];
    return this.#chunk.bytes.compare(other.#chunk.bytes, other.#at, otherEnd, this.#at, end) === 0;
  }

  /** Of the record as it came. */
  get byteLength(): number {
    return this.#u32(0);
  }

  /** Puts the record there as it came. */
  copyTo(bytes: Buffer, at: number): void {
    this.#chunk.bytes.copy(bytes, at, this.#at, this.#at + this.#u32(0));
  }

  #attributes(): Uint8Array {
    const {buffer, byteOffset} = this.#chunk.bytes;
    const start = this.#at + fixedLength + this.#u32(80) + this.#u32(84);
    return new Uint8Array(buffer, byteOffset + start, this.#u32(88));
  }

  #u32(offset: number): number {
    return this.#chunk.view.getUint32(this.#at + offset, true);
  }
}

/** Whether two walks said the very same of an entry, down to its inode and when that changed. */
export function isSameRecord(a: TreeRecord, b: TreeRecord): boolean {
  return a instanceof ScanRecord && a.isSameAs(b);
}

const inodeAt = 56;

/** Records of a walk as ScanDecoder reads them. One that `isSure` does not hold for will be the same as no other. */
export function encodeRecords(
  records: readonly TreeRecord[],
  isSure: (record: TreeRecord) => boolean,
): Buffer {
  // All in one buffer: one for each record would be more than what is in them.
  const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + fromWalk(record).byteLength, 0));
  let at = 0;
  for (const record of records) {
    const walked = fromWalk(record);
    walked.copyTo(bytes, at);
    if (!isSure(record)) bytes.fill(0, at + inodeAt, at + inodeAt + 8);
    at += walked.byteLength;
  }
  return bytes;
}

function fromWalk(record: TreeRecord): ScanRecord {
  assert(record instanceof ScanRecord, 'only records of a walk are kept');
  return record;
}
