// Private keys in OpenSSH's own container (openssh-portable, PROTOCOL.key), which node:crypto does not read: taken
// apart here and handed over as JSON Web Keys.

import {createPrivateKey, type JsonWebKey, type KeyObject} from 'node:crypto';
import {KeyProblem, passphraseProblem} from './key-problem.ts';
import {WireError, WireReader} from './wire.ts';

const armour =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END OPENSSH PRIVATE KEY-----/m;
const magic = 'openssh-key-v1\0';
const curves: Readonly<Record<string, string>> = {nistp256: 'P-256', nistp384: 'P-384', nistp521: 'P-521'};

export function isOpensshKey(text: string): boolean {
  return text.includes('BEGIN OPENSSH PRIVATE KEY');
}

/** Throws KeyProblem. */
export function parseOpensshKey(text: string): KeyObject {
  const body = armour.exec(text)?.[1];
  if (body === undefined) throw brokenKey();
  try {
    const key = keyIn(new WireReader(Buffer.from(body, 'base64')));
    return createPrivateKey({key, format: 'jwk'});
  } catch (error) {
    // The message of node:crypto may show parts of the key.
    throw error instanceof KeyProblem ? error : brokenKey();
  }
}

function keyIn(reader: WireReader): JsonWebKey {
  if (reader.bytes(magic.length).toString('latin1') !== magic) throw brokenKey();
  const cipher = reader.text();
  reader.string(); // name of the key derivation
  reader.string(); // and its options
  if (cipher !== 'none') throw passphraseProblem();
  if (reader.uint32() !== 1) throw new KeyProblem('holds several keys');
  reader.string(); // the public key, which is in the private one again
  const secret = new WireReader(reader.string());
  const check = secret.bytes(4);
  if (!check.equals(secret.bytes(4))) throw new WireError('the two check numbers differ');
  const kind = secret.text();
  if (kind === 'ssh-ed25519') return ed25519(secret);
  if (kind === 'ssh-rsa') return rsa(secret);
  if (kind.startsWith('ecdsa-sha2-')) return ecdsa(secret);
  throw new KeyProblem(`is of the kind ${kind}, which is not supported: use ed25519, rsa or ecdsa`);
}

function ed25519(secret: WireReader): JsonWebKey {
  const x = secret.string();
  const seedAndPublic = secret.string();
  return {kty: 'OKP', crv: 'Ed25519', x: encoded(x), d: encoded(seedAndPublic.subarray(0, 32))};
}

function rsa(secret: WireReader): JsonWebKey {
  const [n, e, d, qi, p, q] = Array.from({length: 6}, () => secret.mpint());
  if (n === undefined || e === undefined || d === undefined || qi === undefined) throw brokenKey();
  if (p === undefined || q === undefined) throw brokenKey();
  const parts = {n, e, d, p, q, dp: exponent(d, p), dq: exponent(d, q), qi};
  const texts = Object.entries(parts).map(([name, value]) => [name, encoded(value)]);
  return {kty: 'RSA', ...(Object.fromEntries(texts) as Partial<JsonWebKey>)};
}

function ecdsa(secret: WireReader): JsonWebKey {
  const crv = curves[secret.text()];
  const point = secret.string();
  const length = (point.length - 1) / 2;
  if (crv === undefined || point[0] !== 4) throw new KeyProblem('is on a curve that is not supported');
  const d = secret.mpint();
  const padded = Buffer.concat([Buffer.alloc(Math.max(0, length - d.length)), d]);
  const [x, y] = [point.subarray(1, 1 + length), point.subarray(1 + length)];
  return {kty: 'EC', crv, x: encoded(x), y: encoded(y), d: encoded(padded)};
}

/** `d mod (prime - 1)`, which the container leaves out. */
function exponent(d: Buffer, prime: Buffer): Buffer {
  const number = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex') || '0'}`);
  const text = (number(d) % (number(prime) - 1n)).toString(16);
  return Buffer.from(text.length % 2 === 0 ? text : `0${text}`, 'hex');
}

function encoded(bytes: Buffer): string {
  return bytes.toString('base64url');
}

function brokenKey(): KeyProblem {
  return new KeyProblem('is not a private key that can be read');
}
