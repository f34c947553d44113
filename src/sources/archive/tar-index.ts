// Where the regular files of a tar are, for archives whose members are asked for by name, in any order: one walk over
// the headers, which are 512 bytes and say how long what follows is (POSIX ustar, pax records for long names and
// sizes, GNU's long names). Contents are not looked at.

import {createReadStream} from 'node:fs';
import {type FileHandle, open} from 'node:fs/promises';
import {buildError} from '../../diagnostics/build-error.ts';

export interface TarMember {
  readonly offset: number;
  readonly size: number;
}

const blockBytes = 512;
const pieceBytes = 1024 * 1024;
/** Names and attributes; nobody's are longer. */
const recordBytesMax = 1024 * 1024;

/** By name without `./` in front; of equal names the last counts. Throws BuildError('user') for what is no tar. */
export async function tarIndex(path: string): Promise<ReadonlyMap<string, TarMember>> {
  const handle = await open(path, 'r');
  try {
    return await walk(handle, path);
  } finally {
    await handle.close();
  }
}

/** The bytes of a member. */
export function readMember(path: string, {offset, size}: TarMember): AsyncIterable<Uint8Array> {
  if (size === 0) return (async function* () {})();
  return createReadStream(path, {start: offset, end: offset + size - 1, highWaterMark: pieceBytes});
}

async function walk(handle: FileHandle, path: string): Promise<ReadonlyMap<string, TarMember>> {
  const members = new Map<string, TarMember>();
  const block = Buffer.alloc(blockBytes);
  let next: {name?: string; size?: number} = {};
  for (let at = 0; ; ) {
    const {bytesRead} = await handle.read(block, 0, blockBytes, at);
    if (bytesRead === 0 || block.every((byte) => byte === 0)) return members;
    if (bytesRead < blockBytes || !hasRightSum(block)) {
      throw buildError('user', 'archive-broken', `${path} is no tar archive, or is cut off`, {
        hints: ['compressed archives are unpacked first: gzip -d, zstd -d'],
      });
    }
    const type = block.toString('latin1', 156, 157);
    const size = next.size ?? numberIn(block.subarray(124, 136));
    const offset = at + blockBytes;
    if (type === 'x' || type === 'L') {
      const bytes = Buffer.alloc(Math.min(size, recordBytesMax));
      await handle.read(bytes, 0, bytes.length, offset);
      next = type === 'L' ? {...next, name: textIn(bytes)} : {...next, ...paxRecords(bytes)};
    } else {
      const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? textIn(block.subarray(345, 500)) : '';
      const own = textIn(block.subarray(0, 100));
      const name = next.name ?? (prefix === '' ? own : `${prefix}/${own}`);
      if (type === '0' || type === '\0') members.set(name.replace(/^(?:\.?\/)+/, ''), {offset, size});
      next = {};
    }
    at = offset + Math.ceil(size / blockBytes) * blockBytes;
  }
}

/** `LENGTH KEY=VALUE\n`, of which only these two keys matter here. */
function paxRecords(bytes: Buffer): {name?: string; size?: number} {
  const records: {name?: string; size?: number} = {};
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(' ', at);
    const length = Number(bytes.toString('latin1', at, blank));
    if (blank < 0 || !Number.isSafeInteger(length) || length <= 0) break;
    const [key, value = ''] = bytes.toString('utf8', blank + 1, at + length - 1).split(/=(.*)/s);
    if (key === 'path') records.name = value;
    if (key === 'size') records.size = Number(value);
    at += length;
  }
  return records;
}

/** The sum of a header's bytes, its own field read as blanks. */
function hasRightSum(block: Buffer): boolean {
  let sum = 0;
  block.forEach((byte, index) => {
    sum += index >= 148 && index < 156 ? 0x20 : byte;
  });
  return sum === numberIn(block.subarray(148, 156));
}

/** Octal text, or GNU's big-endian number, which has its top bit set. */
function numberIn(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) === 0) return Number.parseInt(textIn(field).trim(), 8) || 0;
  return Number(BigInt(`0x${field.subarray(field.length - 8).toString('hex')}`));
}

function textIn(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}
