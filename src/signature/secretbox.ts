// NaCl's secretbox (XSalsa20 and Poly1305), which Node's crypto has not: cosign seals its private keys with it.

import {xsalsa20poly1305} from '@noble/ciphers/salsa';

export const keyBytes = 32;
export const nonceBytes = 24;

/** The message with its tag in front. */
export function sealSecretbox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  return xsalsa20poly1305(key, nonce).encrypt(message);
}

/** Undefined when the box was sealed with another key, or was changed since. */
export function openSecretbox(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  try {
    return xsalsa20poly1305(key, nonce).decrypt(box);
  } catch {
    return undefined;
  }
}
