import {generateKeyPairSync, type KeyObject} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {newKeyPair, readSigningKey, readVerifyingKey} from '../../src/signature/keys.ts';
import {openKey, sealKey} from '../../src/signature/sealed-key.ts';

const cheap = {N: 16, r: 8, p: 1};
const message = Buffer.from('what is signed');
const {privatePem, publicPem} = newKeyPair('open sesame', cheap);

const pemOf = (key: KeyObject, type: 'pkcs8' | 'spki'): string =>
  key.export({format: 'pem', type}).toString();

/** A key in cosign's format with other things said in it. */
function changedKey(change: (sealed: Record<string, Record<string, unknown>>) => void): string {
  const body = privatePem.replaceAll(/-----.*-----|\n/g, '');
  const sealed = JSON.parse(Buffer.from(body, 'base64').toString()) as Record<
    string,
    Record<string, unknown>
  >;
  change(sealed);
  const text = Buffer.from(JSON.stringify(sealed)).toString('base64');
  return `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${text}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;
}

describe('a key of cosign', () => {
  it('is sealed at the cost that cosign 2 has', () => {
    const made = newKeyPair('').privatePem.replaceAll(/-----.*-----|\n/g, '');
    expect(JSON.parse(Buffer.from(made, 'base64').toString())).toMatchObject({
      kdf: {name: 'scrypt', params: {N: 65_536, r: 8, p: 1}},
      cipher: {name: 'nacl/secretbox'},
    });
  });

  it('signs what its public half verifies, and nothing else', () => {
    const key = readSigningKey(privatePem, 'open sesame');
    const verifier = readVerifyingKey(publicPem);
    if ('problem' in key || 'problem' in verifier) throw new Error('no keys');
    const signature = key.sign(message);
    expect(verifier.verify(message, signature)).toBe(true);
    expect(verifier.verify(Buffer.from('another'), signature)).toBe(false);
    expect(verifier.verify(message, Buffer.from('no signature'))).toBe(false);
    expect(key.publicPem).toBe(publicPem);
  });

  it('says which of the two is wrong: no password, or another one', () => {
    expect(readSigningKey(privatePem, '')).toEqual({problem: 'it needs a password'});
    expect(readSigningKey(privatePem, 'guess')).toEqual({
      problem: 'the password is wrong, or the key is damaged',
    });
  });

  it('may have the title of cosign 1, and the password may be empty', () => {
    const old = sealKey(Buffer.from('pkcs8'), '', cheap).replaceAll('SIGSTORE', 'COSIGN');
    const opened = openKey(old, '');
    expect('pkcs8' in opened && Buffer.from(opened.pkcs8).toString()).toBe('pkcs8');
  });

  it('is refused when it asks for what nobody knows, or for too much', () => {
    const problem = (change: Parameters<typeof changedKey>[0]): unknown =>
      openKey(changedKey(change), 'open sesame');
    expect(problem((sealed) => Object.assign(sealed['kdf'] ?? {}, {name: 'argon2'}))).toEqual({
      problem: 'its password goes through argon2, only scrypt is known',
    });
    expect(problem((sealed) => Object.assign(sealed['cipher'] ?? {}, {name: 'aes'}))).toEqual({
      problem: 'it is sealed with aes, only nacl/secretbox is known',
    });
    expect(
      problem((sealed) => Object.assign(sealed['kdf'] ?? {}, {params: {N: 2 ** 24, r: 8, p: 1}})),
    ).toEqual({
      problem: 'its scrypt parameters ask for too much',
    });
    expect(problem((sealed) => Object.assign(sealed['kdf'] ?? {}, {params: {N: 3, r: 8, p: 1}}))).toEqual({
      problem: 'its scrypt parameters are impossible: N=3, r=8, p=1',
    });
    expect(problem((sealed) => delete sealed['kdf'])).toEqual({problem: 'it is no key that cosign sealed'});
  });
});

describe('a key in plain PEM', () => {
  const pairs = [
    ['ECDSA', generateKeyPairSync('ec', {namedCurve: 'P-256'})],
    ['Ed25519', generateKeyPairSync('ed25519')],
    ['RSA', generateKeyPairSync('rsa', {modulusLength: 2048})],
  ] as const;

  it.each(pairs)('may be for %s', (_, {privateKey, publicKey}) => {
    const key = readSigningKey(pemOf(privateKey, 'pkcs8'), '');
    const verifier = readVerifyingKey(pemOf(publicKey, 'spki'));
    if ('problem' in key || 'problem' in verifier) throw new Error('no keys');
    expect(verifier.verify(message, key.sign(message))).toBe(true);
  });

  it('is refused when it cannot sign, or is the wrong half', () => {
    const {privateKey, publicKey} = generateKeyPairSync('x25519');
    expect(readSigningKey(pemOf(privateKey, 'pkcs8'), '')).toMatchObject({
      problem: expect.stringContaining('it is a key for x25519'),
    });
    expect(readVerifyingKey(pemOf(publicKey, 'spki'))).toMatchObject({
      problem: expect.stringContaining('it is a key for x25519'),
    });
    expect(readSigningKey(publicPem, '')).toEqual({problem: 'it holds no private key'});
    expect(readVerifyingKey(privatePem)).toEqual({
      problem: 'it is a private key, the public one is needed',
    });
    expect(readSigningKey('nothing', '')).toMatchObject({
      problem: expect.stringContaining('no private key in PEM'),
    });
    expect(readVerifyingKey('nothing')).toMatchObject({
      problem: expect.stringContaining('no public key in PEM'),
    });
  });
});
