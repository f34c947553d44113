// Bytes that outlive the memory they came in.

/** In memory of their own, also those of a Buffer, whose own `slice` would share it. */
export function copiedBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes);
}
