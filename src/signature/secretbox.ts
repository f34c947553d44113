// NaCl's secretbox (XSalsa20 and Poly1305), which Node's crypto has not: cosign seals its private keys with it. It is
// for boxes of a few kilobytes that lie on this machine, so it is written to be read, not to be fast, and its time may
// depend on the data. The test vectors are those of NaCl's paper.

import {timingSafeEqual} from 'node:crypto';

export const keyBytes = 32;
export const nonceBytes = 24;
const tagBytes = 16;
const blockBytes = 64;

/** The message with its tag in front. */
export function sealSecretbox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  const {cipher, tagKey} = streamOf(nonce, key, message.length);
  const sealed = xor(message, cipher);
  return Buffer.concat([poly1305(sealed, tagKey), sealed]);
}

/** Undefined when the box was sealed with another key, or was changed since. */
export function openSecretbox(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  if (box.length < tagBytes) return undefined;
  const sealed = box.subarray(tagBytes);
  const {cipher, tagKey} = streamOf(nonce, key, sealed.length);
  if (!timingSafeEqual(poly1305(sealed, tagKey), box.subarray(0, tagBytes))) return undefined;
  return xor(sealed, cipher);
}

function xor(bytes: Uint8Array, stream: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => byte ^ (stream[index] ?? 0));
}

/** What the key gives: 32 bytes for the tag, then those that the message is combined with. */
function streamOf(
  nonce: Uint8Array,
  key: Uint8Array,
  size: number,
): {readonly tagKey: Uint8Array; readonly cipher: Uint8Array} {
  const subkey = hsalsa20(key, nonce.subarray(0, 16));
  const stream = Buffer.alloc(Math.ceil((keyBytes + size) / blockBytes) * blockBytes);
  const input = new Uint8Array(16);
  input.set(nonce.subarray(16));
  for (let block = 0; block * blockBytes < stream.length; block++) {
    new DataView(input.buffer).setBigUint64(8, BigInt(block), true);
    const before = salsaState(subkey, input);
    const after = salsaRounds(before);
    before.forEach((word, index) => {
      stream.writeUInt32LE((word + (after[index] ?? 0)) >>> 0, block * blockBytes + index * 4);
    });
  }
  return {tagKey: stream.subarray(0, keyBytes), cipher: stream.subarray(keyBytes, keyBytes + size)};
}

/** A key for half of the long nonce (Bernstein, "Extending the Salsa20 nonce"). */
function hsalsa20(key: Uint8Array, input: Uint8Array): Uint8Array {
  const words = salsaRounds(salsaState(key, input));
  const subkey = Buffer.alloc(keyBytes);
  [0, 5, 10, 15, 6, 7, 8, 9].forEach((from, index) => {
    subkey.writeUInt32LE(words[from] ?? 0, index * 4);
  });
  return subkey;
}

/** "expand 32-byte k" on the diagonal, the key around it, the input in the middle. */
function salsaState(key: Uint8Array, input: Uint8Array): Uint32Array {
  const [constants, keyWords, inputWords] = [Buffer.from('expand 32-byte k'), key, input].map(wordsOf);
  const word = (words: Uint32Array | undefined, index: number): number => words?.[index] ?? 0;
  const state = new Uint32Array(16);
  for (let index = 0; index < 4; index++) {
    state[index * 5] = word(constants, index);
    state[1 + index] = word(keyWords, index);
    state[11 + index] = word(keyWords, 4 + index);
    state[6 + index] = word(inputWords, index);
  }
  return state;
}

/** The four words that each quarter of a double round mixes, columns first. */
const quarters: readonly (readonly [number, number, number, number])[] = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
];

function salsaRounds(state: Uint32Array): Uint32Array {
  const words = Uint32Array.from(state);
  const mix = (target: number, one: number, other: number, bits: number): void => {
    const sum = ((words[one] ?? 0) + (words[other] ?? 0)) >>> 0;
    words[target] = (words[target] ?? 0) ^ ((sum << bits) | (sum >>> (32 - bits)));
  };
  for (let round = 0; round < 10; round++) {
    for (const [a, b, c, d] of quarters) {
      mix(b, a, d, 7);
      mix(c, b, a, 9);
      mix(d, c, b, 13);
      mix(a, d, c, 18);
    }
  }
  return words;
}

/** RFC 8439, section 2.5. */
function poly1305(message: Uint8Array, key: Uint8Array): Uint8Array {
  const prime = (1n << 130n) - 5n;
  const factor = numberOf(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let offset = 0; offset < message.length; offset += 16) {
    const piece = message.subarray(offset, offset + 16);
    sum = ((sum + numberOf(piece) + (1n << BigInt(8 * piece.length))) * factor) % prime;
  }
  const tag = (sum + numberOf(key.subarray(16))) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(2 * tagBytes, '0'), 'hex').reverse();
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({length: bytes.length / 4}, (_, index) => view.getUint32(index * 4, true));
}

/** Little-endian. */
function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
