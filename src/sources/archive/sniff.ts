// Whether bytes are an archive that a build context can be, as docker decides it: a compressed stream by its first
// bytes, a tar by a first header whose checksum is right (also of the old kind, which has no magic). Pure.

const magics: readonly (readonly number[])[] = [
  [0x1f, 0x8b, 0x08],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  [0x28, 0xb5, 0x2f, 0xfd],
];

const headerBytes = 512;
/** Bytes 148 to 155 of a header: an octal number, padded with NUL and blanks. */
const checksumStart = 148;
const checksumEnd = 156;

/** How many bytes from the start are enough to tell. */
export const sniffedBytes = headerBytes;

export function isArchive(start: Uint8Array): boolean {
  return magics.some((magic) => magic.every((byte, index) => start[index] === byte)) || isTarHeader(start);
}

function isTarHeader(bytes: Uint8Array): boolean {
  if (bytes.length < headerBytes || bytes[0] === 0) return false;
  const text = Buffer.from(bytes.subarray(checksumStart, checksumEnd)).toString('latin1');
  const digits = /^[ \0]*([0-7]+)[ \0]*$/.exec(text)?.[1];
  if (digits === undefined) return false;
  let sum = 0;
  for (let index = 0; index < headerBytes; index++) {
    const isChecksum = index >= checksumStart && index < checksumEnd;
    sum += isChecksum ? 0x20 : (bytes[index] ?? 0);
  }
  return sum === Number.parseInt(digits, 8);
}
