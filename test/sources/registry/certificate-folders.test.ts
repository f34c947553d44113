import {describe, expect, it} from 'vitest';
import {certificatesIn} from '../../../src/sources/registry/certificate-folders.ts';

const inFolder = (names: readonly string[]): ReturnType<typeof certificatesIn> =>
  certificatesIn({path: '/certs.d/a.io:5000', isNamed: false}, async () => names);
const failing = (code: string, isNamed: boolean): ReturnType<typeof certificatesIn> =>
  certificatesIn({path: '/f', isNamed}, async () => {
    throw Object.assign(new Error('no'), {code});
  });

describe('a folder of certificates', () => {
  it('has authorities and pairs, and whatever else is no matter', async () => {
    expect(await inFolder(['two.crt', 'me.key', 'README', 'one.crt', 'me.cert', 'x.pem'])).toEqual({
      ca: ['/certs.d/a.io:5000/one.crt', '/certs.d/a.io:5000/two.crt'],
      keypair: [{key: '/certs.d/a.io:5000/me.key', cert: '/certs.d/a.io:5000/me.cert'}],
    });
  });

  it.each([
    ['client.key', '/certs.d/a.io:5000/client.key has no client.cert beside it'],
    ['client.cert', '/certs.d/a.io:5000/client.cert has no client.key beside it'],
  ])('with %s alone is a mistake', async (name, message) => {
    await expect(inFolder([name, 'ca.crt'])).rejects.toThrow(message);
  });

  it('need not be there, unless it is named', async () => {
    expect(await failing('ENOENT', false)).toEqual({ca: [], keypair: []});
    expect(await failing('ENOTDIR', false)).toEqual({ca: [], keypair: []});
    await expect(failing('ENOENT', true)).rejects.toThrow(
      'cannot read certificates in /f: no such file or directory',
    );
    await expect(failing('EACCES', false)).rejects.toThrow(
      'cannot read certificates in /f: permission denied',
    );
  });
});
