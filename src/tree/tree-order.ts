// The order of a walk: depth first, the entries of a directory in byte order. As an order of whole paths: by
// bytes, the slash before everything else, so that a directory's subtree is one run. Searches in a Tree depend on
// it.

import {encodePathText} from '../util/path-text.ts';

const slash = 0x2f;

/** Negative, zero or positive. '.' (the root) comes first. */
export function treeOrder(a: string, b: string): number {
  if (a === '.' || b === '.') return a === b ? 0 : a === '.' ? -1 : 1;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x === y) continue;
    if (x === slash) return -1;
    if (y === slash) return 1;
    return x < 0x80 || y < 0x80 || (x < 0xd800 && y < 0xd800) ? x - y : byBytes(a, b);
  }
  return a.length - b.length;
}

/** Beyond plain characters UTF-16 has another order than bytes, and escaped bytes have none in it. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(withLowSlash(encodePathText(a)), withLowSlash(encodePathText(b)));
}

function withLowSlash(bytes: Buffer): Buffer {
  return bytes.map((byte) => (byte === slash ? 0 : byte)) as Buffer;
}

/**
 * The first index from `from` on at which `holds` becomes false; `holds` must be true up to there and false after.
 */
export function partitionPoint(from: number, end: number, holds: (index: number) => boolean): number {
  let low = from;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
