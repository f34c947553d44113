// Bytes that are kept for a while, as a part of a larger buffer that nobody writes to any more. New memory is dear (the
// kernel clears it page by page), and so is a large buffer that stays because of a few bytes in it.

/** A copy is made of less than this part of a buffer. */
const partMin = 1 / 4;

/** The same bytes, which hold no more than four times as much memory. */
export function keptBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length < bytes.buffer.byteLength * partMin ? Uint8Array.prototype.slice.call(bytes) : bytes;
}
