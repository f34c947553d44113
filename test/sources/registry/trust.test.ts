import {rootCertificates} from 'node:tls';
import {describe, expect, it} from 'vitest';
import {BuildError} from '../../../src/diagnostics/build-error.ts';
import {defaultTls, TrustStore} from '../../../src/sources/registry/trust.ts';

const [certificate = ''] = rootCertificates;

function store(files: Readonly<Record<string, string>>, environment: Record<string, string> = {}) {
  const read: string[] = [];
  const trust = new TrustStore(environment, async (path) => {
    read.push(path);
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(path), {code: 'ENOENT'});
    return text;
  });
  return {trust, read};
}

describe('who is trusted', () => {
  it('is read once, from the environment’s files and the first bundle of the system', async () => {
    const {trust, read} = store(
      {'/etc/pki/tls/certs/ca-bundle.crt': certificate},
      {SSL_CERT_FILE: '/a.pem', NODE_EXTRA_CA_CERTS: '/b.pem', TSBUILD_EXTRA_CA_CERTS: '/a.pem'},
    );
    const [one, two] = await Promise.all([trust.context(defaultTls), trust.context({...defaultTls})]);
    expect(one).toBe(two);
    expect(read).toEqual([
      '/a.pem',
      '/b.pem',
      '/etc/ssl/certs/ca-certificates.crt',
      '/etc/pki/tls/certs/ca-bundle.crt',
    ]);
  });

  it('needs no files when nothing is verified', async () => {
    const {trust, read} = store({});
    await trust.context({...defaultTls, insecure: true});
    expect(read).toEqual([]);
  });

  it('is an error when a configured file is missing', async () => {
    const missing = store({}).trust.context({...defaultTls, ca: ['/own.pem']});
    await expect(missing).rejects.toThrow('cannot read certificate /own.pem: ENOENT');
    await expect(missing).rejects.toBeInstanceOf(BuildError);
  });

  it('is an error when a key is none', async () => {
    const {trust} = store({'/key': 'x', '/cert': 'y'});
    const broken = trust.context({...defaultTls, keypair: [{key: '/key', cert: '/cert'}]});
    await expect(broken).rejects.toThrow('cannot use the certificates in /key, /cert');
  });
});
