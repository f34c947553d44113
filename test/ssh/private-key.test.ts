// Keys of every kind in every container, judged by the verification of node:crypto.

import {createPublicKey, generateKeyPairSync, type KeyObject, verify} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {parsePrivateKey} from '../../src/ssh/private-key.ts';
import {mpint, uint32, WireReader, wireString} from '../../src/ssh/wire.ts';

const data = Buffer.from('what is signed');

/** A key in OpenSSH's container, as ssh-keygen writes it. */
function opensshText(fields: readonly Buffer[], cipher = 'none', count = 1): string {
  const secret = Buffer.concat([uint32(7), uint32(7), ...fields, wireString('comment'), Buffer.of(1, 2, 3)]);
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    wireString(cipher),
    wireString('none'),
    wireString(''),
    uint32(count),
    wireString('public'),
    wireString(secret),
  ]);
  const lines = body.toString('base64').replace(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function numbers(key: KeyObject, names: readonly string[]): Buffer[] {
  const jwk = key.export({format: 'jwk'}) as Readonly<Record<string, string>>;
  return names.map((name) => Buffer.from(jwk[name] ?? '', 'base64url'));
}

function signatureParts(signature: Buffer): {name: string; bytes: Buffer} {
  const reader = new WireReader(signature);
  const parts = {name: reader.text(), bytes: reader.string()};
  expect(reader.remaining).toBe(0);
  return parts;
}

const rsa = generateKeyPairSync('rsa', {modulusLength: 2048}).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const rsaFields = [
  wireString('ssh-rsa'),
  ...numbers(rsa, ['n', 'e', 'd', 'qi', 'p', 'q']).map((number) => mpint(number)),
];
const [edPublic = Buffer.of(), edSeed = Buffer.of()] = numbers(ed25519, ['x', 'd']);
const edFields = [
  wireString('ssh-ed25519'),
  wireString(edPublic),
  wireString(Buffer.concat([edSeed, edPublic])),
];

describe('parsePrivateKey', () => {
  it.each([
    ['PKCS #1', rsa.export({type: 'pkcs1', format: 'pem'}).toString()],
    ['PKCS #8', rsa.export({type: 'pkcs8', format: 'pem'}).toString()],
    ['OpenSSH', opensshText(rsaFields)],
  ])('rsa in %s signs with the hash that is asked for', (_, text) => {
    const key = parsePrivateKey(text, 'c');
    const hashes = [
      [4, 'rsa-sha2-512', 'sha512'],
      [6, 'rsa-sha2-512', 'sha512'],
      [2, 'rsa-sha2-256', 'sha256'],
    ] as const;
    for (const [flags, expected, hash] of hashes) {
      const {name, bytes} = signatureParts(key.sign(data, flags));
      expect(name).toBe(expected);
      expect(verify(hash, data, createPublicKey(rsa), bytes)).toBe(true);
    }
    const reader = new WireReader(key.publicBlob);
    expect(reader.text()).toBe('ssh-rsa');
    expect([reader.mpint(), reader.mpint()]).toEqual(numbers(rsa, ['e', 'n']));
  });

  it.each([
    ['PKCS #8', ed25519.export({type: 'pkcs8', format: 'pem'}).toString()],
    ['OpenSSH', opensshText(edFields)],
  ])('ed25519 in %s', (_, text) => {
    const key = parsePrivateKey(text, 'mine');
    const {name, bytes} = signatureParts(key.sign(data, 0));
    expect(name).toBe('ssh-ed25519');
    expect(verify(null, data, createPublicKey(ed25519), bytes)).toBe(true);
    expect(key.publicBlob).toEqual(Buffer.concat([wireString('ssh-ed25519'), wireString(edPublic)]));
    expect(key.comment).toBe('mine');
  });

  it.each([
    ['prime256v1', 'nistp256', 'sha256'],
    ['secp384r1', 'nistp384', 'sha384'],
    ['secp521r1', 'nistp521', 'sha512'],
  ])('ecdsa on %s, in SEC 1 and in OpenSSH’s container', (namedCurve, curve, hash) => {
    const own = generateKeyPairSync('ec', {namedCurve}).privateKey;
    const [x = Buffer.of(), y = Buffer.of(), d = Buffer.of()] = numbers(own, ['x', 'y', 'd']);
    const point = Buffer.concat([Buffer.of(4), x, y]);
    const fields = [wireString(`ecdsa-sha2-${curve}`), wireString(curve), wireString(point), mpint(d)];
    const texts = [own.export({type: 'sec1', format: 'pem'}).toString(), opensshText(fields)];
    for (const text of texts) {
      const key = parsePrivateKey(text, '');
      const {name, bytes} = signatureParts(key.sign(data, 0));
      expect(name).toBe(`ecdsa-sha2-${curve}`);
      const reader = new WireReader(bytes);
      const padded = [reader.mpint(), reader.mpint()].map((half) =>
        Buffer.concat([Buffer.alloc(x.length - half.length), half]),
      );
      const judge = {key: createPublicKey(own), dsaEncoding: 'ieee-p1363'} as const;
      expect(verify(hash, data, judge, Buffer.concat(padded))).toBe(true);
      const blob = [wireString(`ecdsa-sha2-${curve}`), wireString(curve), wireString(point)];
      expect(key.publicBlob).toEqual(Buffer.concat(blob));
    }
  });

  it.each([
    ['OpenSSH', opensshText(edFields, 'aes256-ctr')],
    [
      'PKCS #8',
      ed25519.export({type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p'}).toString(),
    ],
    [
      'PKCS #1',
      rsa.export({type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p'}).toString(),
    ],
  ])('a passphrase in %s is told of, with what to do', (_, text) => {
    expect(() => parsePrivateKey(text, '')).toThrow(/^has a passphrase: give it to an agent with ssh-add/);
  });

  it('says what it cannot read', () => {
    const publicKey = createPublicKey(ed25519).export({type: 'spki', format: 'pem'}).toString();
    expect(() => parsePrivateKey(publicKey, '')).toThrow('is not a private key');
    expect(() => parsePrivateKey('ssh-ed25519 AAAA me', '')).toThrow('is not a private key');
    const x25519 = generateKeyPairSync('x25519').privateKey.export({type: 'pkcs8', format: 'pem'}).toString();
    expect(() => parsePrivateKey(x25519, '')).toThrow('is of a kind that is not supported');
    expect(() => parsePrivateKey(opensshText([wireString('ssh-dss')]), '')).toThrow('is of the kind ssh-dss');
    expect(() => parsePrivateKey(opensshText(edFields, 'none', 2), '')).toThrow('holds several keys');
    const broken = opensshText(edFields.slice(0, 2));
    expect(() => parsePrivateKey(broken, '')).toThrow('is not a private key that can be read');
    expect(() => parsePrivateKey('-----BEGIN OPENSSH PRIVATE KEY-----\n', '')).toThrow('that can be read');
  });
});
