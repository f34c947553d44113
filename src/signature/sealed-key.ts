// Private keys as cosign keeps them: PKCS #8 in a secretbox, whose key scrypt makes of a password, as JSON in PEM
// (secure-systems-lab's "encrypted"). Keys of cosign before version 2 have another title.

import {randomBytes, scryptSync} from 'node:crypto';
import {keyBytes, nonceBytes, openSecretbox, sealSecretbox} from './secretbox.ts';

const title = 'ENCRYPTED SIGSTORE PRIVATE KEY';
const sealedPem = /-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/;
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** As cosign 2: 64 MiB and a fraction of a second. */
export const usualCost: ScryptCost = {N: 65_536, r: 8, p: 1};
const memoryBytesMax = 512 * 1024 * 1024;

interface Sealed {
  readonly kdf: {
    readonly name: string;
    readonly params: ScryptCost;
    readonly salt: string;
  };
  readonly cipher: {readonly name: string; readonly nonce: string};
  readonly ciphertext: string;
}

export function isSealedKey(pem: string): boolean {
  return sealedPem.test(pem);
}

/** The PEM of a key in PKCS #8. */
export function sealKey(pkcs8: Uint8Array, password: string, cost: ScryptCost): string {
  const [salt, nonce] = [randomBytes(32), randomBytes(nonceBytes)];
  const sealed: Sealed = {
    kdf: {name: 'scrypt', params: cost, salt: salt.toString('base64')},
    cipher: {name: 'nacl/secretbox', nonce: nonce.toString('base64')},
    ciphertext: base64(sealSecretbox(pkcs8, nonce, passwordKey(password, salt, cost))),
  };
  const lines = base64(Buffer.from(JSON.stringify(sealed))).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${title}-----\n${lines.join('\n')}\n-----END ${title}-----\n`;
}

export type OpenedKey = {readonly pkcs8: Uint8Array} | {readonly problem: string};

export function openKey(pem: string, password: string): OpenedKey {
  const sealed = sealedOf(pem);
  if (sealed === undefined) return {problem: 'it is no key that cosign sealed'};
  const {kdf, cipher, ciphertext} = sealed;
  if (kdf.name !== 'scrypt') return {problem: `its password goes through ${kdf.name}, only scrypt is known`};
  if (cipher.name !== 'nacl/secretbox')
    return {problem: `it is sealed with ${cipher.name}, only nacl/secretbox is known`};
  const {N, r, p} = kdf.params;
  if (128 * N * r > memoryBytesMax || p > 16) return {problem: 'its scrypt parameters ask for too much'};
  const nonce = Buffer.from(cipher.nonce, 'base64');
  if (nonce.length !== nonceBytes) return {problem: `its nonce has ${nonce.length} bytes, not ${nonceBytes}`};
  let key: Uint8Array;
  try {
    key = passwordKey(password, Buffer.from(kdf.salt, 'base64'), kdf.params);
  } catch {
    return {problem: `its scrypt parameters are impossible: N=${N}, r=${r}, p=${p}`};
  }
  const pkcs8 = openSecretbox(Buffer.from(ciphertext, 'base64'), nonce, key);
  if (pkcs8 !== undefined) return {pkcs8};
  return {problem: password === '' ? 'it needs a password' : 'the password is wrong, or the key is damaged'};
}

function sealedOf(pem: string): Sealed | undefined {
  const body = sealedPem.exec(pem)?.[1];
  if (body === undefined) return undefined;
  try {
    const {kdf, cipher, ciphertext} = JSON.parse(Buffer.from(body, 'base64').toString('utf8')) as Sealed;
    const texts = [kdf.name, kdf.salt, cipher.name, cipher.nonce, ciphertext];
    const numbers = [kdf.params.N, kdf.params.r, kdf.params.p];
    const isWhole =
      texts.every((one) => typeof one === 'string') && numbers.every((one) => Number.isSafeInteger(one));
    return isWhole ? {kdf, cipher, ciphertext} : undefined;
  } catch {
    return undefined;
  }
}

function passwordKey(password: string, salt: Uint8Array, params: ScryptCost): Uint8Array {
  return scryptSync(password, salt, keyBytes, {...params, maxmem: 2 * memoryBytesMax});
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
