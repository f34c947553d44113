// A private key as an agent uses it: what it is called on the wire, and signatures (RFC 4253 section 6.6, RFC 5656,
// RFC 8332, RFC 8709). Files of every kind that ssh-keygen writes and has written; one with a passphrase is refused.

import {createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, sign} from 'node:crypto';
import {KeyProblem, passphraseProblem} from './key-problem.ts';
import {isOpensshKey, parseOpensshKey} from './openssh-key.ts';
import {mpint, wireString} from './wire.ts';

export interface AgentKey {
  /** The public key as it is named in requests. */
  readonly publicBlob: Buffer;
  readonly comment: string;
  /** The signature of `data` as the wire has it. */
  sign(data: Buffer, flags: number): Buffer;
}

interface Curve {
  readonly name: string;
  readonly hash: string;
}

const curves: Readonly<Record<string, Curve>> = {
  'P-256': {name: 'nistp256', hash: 'sha256'},
  'P-384': {name: 'nistp384', hash: 'sha384'},
  'P-521': {name: 'nistp521', hash: 'sha512'},
};
/** Of SSH_AGENTC_SIGN_REQUEST. */
const rsaSha256Flag = 2;
const rsaSha512Flag = 4;

/** Throws KeyProblem. */
export function parsePrivateKey(text: string, comment: string): AgentKey {
  const key = keyObjectOf(text);
  const parameters = createPublicKey(key).export({format: 'jwk'});
  if (parameters.kty === 'RSA') return rsaKey(key, parameters, comment);
  if (parameters.kty === 'OKP' && parameters.crv === 'Ed25519') return ed25519Key(key, parameters, comment);
  const curve = parameters.kty === 'EC' ? curves[parameters.crv ?? ''] : undefined;
  if (curve !== undefined) return ecdsaKey(key, parameters, curve, comment);
  throw new KeyProblem('is of a kind that is not supported: use ed25519, rsa or ecdsa');
}

function keyObjectOf(text: string): KeyObject {
  if (isOpensshKey(text)) return parseOpensshKey(text);
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text)) throw passphraseProblem();
  try {
    return createPrivateKey(text);
  } catch {
    throw new KeyProblem('is not a private key');
  }
}

function rsaKey(key: KeyObject, {e, n}: JsonWebKey, comment: string): AgentKey {
  return {
    publicBlob: Buffer.concat([wireString('ssh-rsa'), mpint(decoded(e)), mpint(decoded(n))]),
    comment,
    sign(data, flags) {
      const [name, hash] =
        (flags & rsaSha512Flag) !== 0
          ? ['rsa-sha2-512', 'sha512']
          : (flags & rsaSha256Flag) !== 0
            ? ['rsa-sha2-256', 'sha256']
            : ['ssh-rsa', 'sha1'];
      return signature(name, sign(hash, data, key));
    },
  };
}

function ed25519Key(key: KeyObject, {x}: JsonWebKey, comment: string): AgentKey {
  return {
    publicBlob: Buffer.concat([wireString('ssh-ed25519'), wireString(decoded(x))]),
    comment,
    sign: (data) => signature('ssh-ed25519', sign(null, data, key)),
  };
}

function ecdsaKey(key: KeyObject, {x, y}: JsonWebKey, curve: Curve, comment: string): AgentKey {
  const name = `ecdsa-sha2-${curve.name}`;
  const point = Buffer.concat([Buffer.of(4), decoded(x), decoded(y)]);
  return {
    publicBlob: Buffer.concat([wireString(name), wireString(curve.name), wireString(point)]),
    comment,
    sign(data) {
      const both = sign(curve.hash, data, {key, dsaEncoding: 'ieee-p1363'});
      const half = both.length / 2;
      return signature(name, Buffer.concat([mpint(both.subarray(0, half)), mpint(both.subarray(half))]));
    },
  };
}

function signature(name: string, bytes: Buffer): Buffer {
  return Buffer.concat([wireString(name), wireString(bytes)]);
}

function decoded(value: string | undefined): Buffer {
  return Buffer.from(value ?? '', 'base64url');
}
