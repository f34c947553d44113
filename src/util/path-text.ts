// Paths are bytes; we handle them as strings. A byte that is not part of valid UTF-8 becomes the lone surrogate
// U+DC00+byte (as Python's surrogateescape, PEP 383), so that text and bytes turn into each other without loss, every
// such byte is one character to a pattern (as in Go), and ordinary names pay nothing for it.

const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
const escapeBase = 0xdc00;

/** The text of a path's bytes. */
export function decodePathText(bytes: Buffer, start = 0, end = bytes.length): string {
  const text = bytes.toString('utf8', start, end);
  // Only a replacement character can be the sign of a loss; it is looked at more closely.
  return text.includes('\ufffd') ? decodeCarefully(bytes.subarray(start, end)) : text;
}

function decodeCarefully(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(escapeBase + (bytes[at] ?? 0));
      at++;
    } else {
      text += decoder.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** How many bytes the valid UTF-8 sequence at `at` has; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (at + length > bytes.length) return 0;
  try {
    decoder.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

const escaped = /(?:^|[^\ud800-\udbff])[\udc80-\udcff]/;

/** False for a name with bytes that are not UTF-8: it cannot be written into a text format without its escapes. */
export function isPlainText(text: string): boolean {
  return !escaped.test(text);
}

/** The bytes that `decodePathText` read. */
export function encodePathText(text: string): Buffer {
  if (isPlainText(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const isByte = code >= escapeBase + 0x80 && code <= escapeBase + 0xff;
    parts.push(isByte ? Buffer.from([code - escapeBase]) : Buffer.from(char, 'utf8'));
  }
  return Buffer.concat(parts);
}
