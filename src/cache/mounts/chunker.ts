// Cuts bytes where their contents say so (FastCDC: Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking
// Approach for Data Deduplication", 2016), so that what is inserted or changed in a large tar changes the chunks around
// it and no others. Where cuts are is part of the format: other numbers would make all chunks travel again once.

import {createHash} from 'node:crypto';

const minBytes = 64 * 1024;
/** Before it a cut needs two bits more, behind it two less: sizes gather around it. */
const usualBytes = 256 * 1024;
export const chunkBytesMax = 1024 * 1024;

const usualBits = Math.log2(usualBytes);
const strictMask = highBits(usualBits + 2);
const easyMask = highBits(usualBits - 2);
const gear = gearTable();

/** The bytes in chunks of 64 KiB to 1 MiB; the last one may be smaller. A chunk is the caller's own. */
export async function* chunksOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const held = Buffer.allocUnsafe(2 * chunkBytesMax);
  let length = 0;
  const take = (): Uint8Array => {
    const end = cutIn(held.subarray(0, length));
    const chunk = Uint8Array.from(held.subarray(0, end));
    held.copyWithin(0, end, length);
    length -= end;
    return chunk;
  };
  for await (const piece of bytes) {
    for (let offset = 0; offset < piece.length; ) {
      const part = piece.subarray(offset, offset + held.length - length);
      held.set(part, length);
      length += part.length;
      offset += part.length;
      while (length >= chunkBytesMax) yield take();
    }
  }
  while (length > 0) yield take();
}

/** Where the first chunk of the bytes ends. */
function cutIn(bytes: Uint8Array): number {
  const end = Math.min(bytes.length, chunkBytesMax);
  let print = 0;
  for (let index = minBytes; index < end; index++) {
    print = ((print << 1) + (gear[bytes[index] ?? 0] ?? 0)) | 0;
    if ((print & (index < usualBytes ? strictMask : easyMask)) === 0) return index + 1;
  }
  return end;
}

/** The high bits of a print depend on the most bytes. */
function highBits(count: number): number {
  return -1 << (32 - count);
}

/** A number for each byte, as random as SHA-256. */
function gearTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < table.length; byte++) {
    table[byte] = createHash('sha256').update(`tsbuild chunk 1 ${byte}`).digest().readInt32BE();
  }
  return table;
}
