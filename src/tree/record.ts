// What a walk says of one file: the `scan` record of docs/formats/helper-protocol.md as an object, and the decoder from a
// stream of buffers. Paths are text with escapes for bytes that are not UTF-8 (util/path-text.ts). An inode number beyond
// 2^53 (overlay with xino) loses its low bits here: it is only ever compared together with times and size.

import {assert} from '../util/assert.ts';
import {decodePathText} from '../util/path-text.ts';

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
  /** The xattr security.capability. */
  readonly capability: Uint8Array | undefined;
  /** SHA-256, when the scan was asked for it. */
  readonly digest: Uint8Array | undefined;
}

const typeMask = 0o170000;

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
const hasCapability = 2;
const two32 = 2 ** 32;
// Far above PATH_MAX plus a link target plus the largest xattr: more is a broken stream.
const recordLengthMax = 1 << 20;

/** Decodes records from buffers that may end anywhere. The buffers are not kept. */
export class ScanDecoder {
  readonly records: TreeRecord[] = [];
  /** The start of a record whose end has not come. */
  #rest: Buffer | undefined;

  push(bytes: Uint8Array): void {
    let buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#rest !== undefined) buffer = Buffer.concat([this.#rest, buffer]);
    const end = this.#decodeAll(buffer);
    this.#rest = end < buffer.length ? Buffer.from(buffer.subarray(end)) : undefined;
  }

  /** The records of the whole stream. */
  finish(): TreeRecord[] {
    assert(this.#rest === undefined, 'a scan ended within a record');
    return this.records;
  }

  #decodeAll(buffer: Buffer): number {
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    let at = 0;
    while (at + 4 <= buffer.length) {
      const length = view.getUint32(at, true);
      assert(length >= fixedLength && length <= recordLengthMax, `a scan record of ${length} bytes`);
      if (at + length > buffer.length) break;
      this.records.push(decodeRecord(buffer, view, at, length));
      at += length;
    }
    return at;
  }
}

function decodeRecord(buffer: Buffer, view: DataView, at: number, length: number): TreeRecord {
  const flags = view.getUint32(at + 52, true);
  const pathLength = view.getUint32(at + 80, true);
  const linkLength = view.getUint32(at + 84, true);
  const capabilityLength = view.getUint32(at + 88, true);
  const linkAt = at + fixedLength + pathLength;
  const capabilityAt = linkAt + linkLength;
  const digestAt = capabilityAt + capabilityLength;
  const withDigest = (flags & hasDigest) !== 0;
  const expected = digestAt - at + (withDigest ? digestLength : 0);
  assert(expected === length, `a scan record of ${length} bytes whose parts have ${expected}`);
  return {
    path: decodePathText(buffer, at + fixedLength, linkAt),
    mode: view.getUint32(at + 4, true),
    uid: view.getUint32(at + 8, true),
    gid: view.getUint32(at + 12, true),
    size: unsigned64(view, at + 16),
    mtimeSeconds: signed64(view, at + 24),
    mtimeNanoseconds: view.getUint32(at + 32, true),
    linkCount: view.getUint32(at + 36, true),
    ctimeSeconds: signed64(view, at + 40),
    ctimeNanoseconds: view.getUint32(at + 48, true),
    inode: unsigned64(view, at + 56),
    device: unsigned64(view, at + 64),
    rdevMajor: view.getUint32(at + 72, true),
    rdevMinor: view.getUint32(at + 76, true),
    linkTarget: linkLength === 0 ? '' : decodePathText(buffer, linkAt, capabilityAt),
    capability: (flags & hasCapability) === 0 ? undefined : copyOf(buffer, capabilityAt, digestAt),
    digest: withDigest ? copyOf(buffer, digestAt, digestAt + digestLength) : undefined,
  };
}

function unsigned64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * two32 + view.getUint32(at, true);
}

function signed64(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * two32 + view.getUint32(at, true);
}

function copyOf(buffer: Buffer, start: number, end: number): Uint8Array {
  return Uint8Array.prototype.slice.call(buffer, start, end);
}
