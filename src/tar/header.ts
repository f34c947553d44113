// One block of a tar as a header: v7, POSIX ustar, star and GNU's. Nothing is guessed: a field is a number that this
// engine can hold or the header is refused, by the rules of Go's archive/tar, which docker and BuildKit read tars with,
// so that what they take is taken and nothing is read in two ways. native/layer/tar_read.c does the same for layers.

import {decodePathText} from '../util/path-text.ts';
import {TarProblem} from './tar-problem.ts';

export const blockBytes = 512;

export interface TarHeader {
  /** The type flag; '\0' of what is older than POSIX. */
  readonly type: string;
  /** Of what follows it in the archive. */
  readonly size: number;
  readonly name: string;
  readonly linkName: string;
  readonly mode: number;
  mtime(): number;
  uid(): number;
  gid(): number;
  /** `MAJOR:MINOR` */
  device(): string;
}

/** Where the checksum stands; summed up, its own bytes are blanks. */
const checksumStart = 148;
const checksumEnd = 156;
/** Of star's prefix, behind which it keeps times. */
const starPrefixEnd = 476;
const prefixEnd = 500;

/** Throws TarProblem. What an extended header may replace is looked at when it is asked for. */
export function parseHeader(block: Buffer): TarHeader {
  if (!hasRightSum(block)) throw new TarProblem('a header with a wrong checksum');
  return {
    type: block.toString('latin1', 156, 157),
    size: natural(block, 124, 136, 'size'),
    name: nameIn(block),
    linkName: textOf(block.subarray(157, 257)),
    mode: natural(block, 100, 108, 'mode') & 0o7777,
    mtime: () => numberIn(block.subarray(136, 148), 'time'),
    uid: () => natural(block, 108, 116, 'user id'),
    gid: () => natural(block, 116, 124, 'group id'),
    device: () => [329, 337].map((at) => natural(block, at, at + 8, 'device number')).join(':'),
  };
}

/** Whether this begins a tar, also one of the old kind, which has no magic. */
export function isHeader(bytes: Uint8Array): boolean {
  if (bytes.length < blockBytes || bytes[0] === 0) return false;
  return hasRightSum(Buffer.from(bytes.buffer, bytes.byteOffset, blockBytes));
}

export function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** Of the bytes behind `size` bytes of data, up to the next block. */
export function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** Text up to the first NUL, if there is one. */
export function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return decodePathText(end < 0 ? field : field.subarray(0, end));
}

/** Octal text, or GNU's base-256: two's complement, the topmost bit taken off. Throws TarProblem. */
export function numberIn(field: Buffer, what: string): number {
  const value = ((field[0] ?? 0) & 0x80) === 0 ? octalIn(field) : base256In(field);
  if (value === undefined || !Number.isSafeInteger(value)) {
    throw new TarProblem(`a header whose ${what} is no number that could be meant`);
  }
  return value;
}

/** Some old tars summed signed bytes up. */
function hasRightSum(block: Buffer): boolean {
  const stored = octalIn(block.subarray(checksumStart, checksumEnd));
  if (stored === undefined) return false;
  const blanks = 0x20 * (checksumEnd - checksumStart);
  let sum = blanks;
  let signedSum = blanks;
  for (let at = 0; at < blockBytes; at++) {
    if (at >= checksumStart && at < checksumEnd) continue;
    const byte = block[at] ?? 0;
    sum += byte;
    signedSum += byte < 0x80 ? byte : byte - 0x100;
  }
  return stored === sum || stored === signedSum;
}

function natural(block: Buffer, start: number, end: number, what: string): number {
  const value = numberIn(block.subarray(start, end), what);
  if (value < 0) throw new TarProblem(`a header whose ${what} is negative`);
  return value;
}

/** What stands behind a NUL counts for nothing; an empty field is 0. */
function octalIn(field: Buffer): number | undefined {
  const [, digits, rest = ''] = /^ *([0-7]*) *(.*)$/s.exec(field.toString('latin1')) ?? [];
  if (digits === undefined || digits === '') return /^\0*$/.test(rest.replaceAll(' ', '')) ? 0 : undefined;
  return rest === '' || rest.startsWith('\0') ? Number.parseInt(digits, 8) : undefined;
}

function base256In(field: Buffer): number {
  const [first = 0] = field;
  let value = BigInt(first & 0x3f) - ((first & 0x40) === 0 ? 0n : 0x40n);
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte);
  return Number(value);
}

/** Only POSIX and star have a prefix; GNU uses these bytes for other things. */
function nameIn(block: Buffer): string {
  const name = textOf(block.subarray(0, 100));
  if (block.toString('latin1', 257, 263) !== 'ustar\0') return name;
  const isStar = block.toString('latin1', 508, 512) === 'tar\0';
  const prefix = textOf(block.subarray(345, isStar ? starPrefixEnd : prefixEnd));
  return prefix === '' ? name : `${prefix}/${name}`;
}
