// Order of strings by UTF-8 bytes, the only order allowed in keys, tar members and JSON. localeCompare depends on
// the user's locale; `<` compares UTF-16 code units, which differs from UTF-8 order above U+FFFF.

/** Compares by UTF-8 bytes: negative, zero or positive. */
export function byteOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x === y) continue;
    // A surrogate stands for a code point above U+FFFF, which sorts after every other code unit in UTF-8.
    const xSurrogate = x >= 0xd800 && x <= 0xdfff;
    const ySurrogate = y >= 0xd800 && y <= 0xdfff;
    if (xSurrogate !== ySurrogate) return xSurrogate ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}
