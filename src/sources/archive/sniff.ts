// Whether bytes are an archive that a build context can be, as docker decides it: a compressed stream by its first
// bytes, a tar by a first header whose checksum is right (also of the old kind, which has no magic). Pure.

import {blockBytes, isHeader} from '../../tar/header.ts';

const magics: readonly (readonly number[])[] = [
  [0x1f, 0x8b, 0x08],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  [0x28, 0xb5, 0x2f, 0xfd],
];

/** How many bytes from the start are enough to tell. */
export const sniffedBytes = blockBytes;

export function isArchive(start: Uint8Array): boolean {
  return magics.some((magic) => magic.every((byte, index) => start[index] === byte)) || isHeader(start);
}
