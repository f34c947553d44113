// Keys that sign and verify, from PEM: ECDSA, Ed25519 and RSA in PKCS #8 (or what else OpenSSL writes), sealed by
// cosign or not. The schemes are those that sigstore uses for each kind of key.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import {isSealedKey, openKey, type ScryptCost, sealKey, usualCost} from './sealed-key.ts';

export interface VerifyingKey {
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** Verifies what it has signed, too. */
export interface SigningKey extends VerifyingKey {
  sign(message: Uint8Array): Uint8Array;
  /** SubjectPublicKeyInfo. */
  readonly publicPem: string;
  /** By which a bundle names the public key: the hash of its SubjectPublicKeyInfo, in base64. */
  readonly hint: string;
}

export interface KeyProblem {
  readonly problem: string;
}

/** The PEM of a new key, sealed with the password, and of its public half; ECDSA on P-256, as cosign. */
export function newKeyPair(
  password: string,
  cost: ScryptCost = usualCost,
): {readonly privatePem: string; readonly publicPem: string} {
  const {privateKey, publicKey} = generateKeyPairSync('ec', {namedCurve: 'prime256v1'});
  const pkcs8 = privateKey.export({format: 'der', type: 'pkcs8'});
  return {privatePem: sealKey(pkcs8, password, cost), publicPem: spki(publicKey)};
}

export function readSigningKey(pem: string, password: string): SigningKey | KeyProblem {
  let key: KeyObject;
  try {
    if (isSealedKey(pem)) {
      const opened = openKey(pem, password);
      if ('problem' in opened) return opened;
      key = createPrivateKey({key: Buffer.from(opened.pkcs8), format: 'der', type: 'pkcs8'});
    } else key = createPrivateKey({key: pem, passphrase: password});
  } catch (error) {
    if (/public key|BEGIN CERTIFICATE/i.test(pem)) return {problem: 'it holds no private key'};
    return {problem: `it is no private key in PEM: ${(error as Error).message}`};
  }
  const scheme = schemeOf(key);
  if (typeof scheme !== 'string' && scheme !== null) return scheme;
  const publicKey = createPublicKey(key);
  const hint = createHash('sha256')
    .update(publicKey.export({format: 'der', type: 'spki'}))
    .digest('base64');
  return {
    sign: (message) => sign(scheme, message, key),
    verify: (message, signature) => verify(scheme, message, publicKey, signature),
    publicPem: spki(publicKey),
    hint,
  };
}

/** Also of a certificate, and of a private key that is not sealed. */
export function readVerifyingKey(pem: string): VerifyingKey | KeyProblem {
  if (isSealedKey(pem)) return {problem: 'it is a private key, the public one is needed'};
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    return {problem: `it is no public key in PEM: ${(error as Error).message}`};
  }
  const scheme = schemeOf(key);
  if (typeof scheme !== 'string' && scheme !== null) return scheme;
  return {verify: (message, signature) => verify(scheme, message, key, signature)};
}

/** The hash that the message goes through; null: the key's own. */
function schemeOf(key: KeyObject): 'sha256' | null | KeyProblem {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return null;
    case 'ec':
    case 'rsa':
      return 'sha256';
    default:
      return {problem: `it is a key for ${key.asymmetricKeyType}: ECDSA, Ed25519 and RSA sign images`};
  }
}

function spki(key: KeyObject): string {
  return key.export({format: 'pem', type: 'spki'}).toString();
}
