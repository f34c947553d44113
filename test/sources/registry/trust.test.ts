import {rootCertificates} from 'node:tls';
import {describe, expect, it} from 'vitest';
import {BuildError} from '../../../src/diagnostics/build-error.ts';
import {defaultTls, TrustStore} from '../../../src/sources/registry/trust.ts';

const [certificate = ''] = rootCertificates;

function store(files: Readonly<Record<string, string>>, environment: Record<string, string> = {}) {
  const read: string[] = [];
  const trust = new TrustStore(environment, {
    read: async (path) => {
      read.push(path);
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(path), {code: 'ENOENT'});
      return text;
    },
    list: async (folder) => {
      read.push(`${folder}/`);
      const names = Object.keys(files).filter((path) => path.startsWith(`${folder}/`));
      if (names.length === 0) throw Object.assign(new Error(folder), {code: 'ENOENT'});
      return names.map((path) => path.slice(folder.length + 1));
    },
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
    await expect(missing).rejects.toThrow('cannot read certificate /own.pem: no such file or directory');
    await expect(missing).rejects.toBeInstanceOf(BuildError);
  });

  it('is an error when a key is none', async () => {
    const {trust} = store({'/key': 'x', '/cert': 'y'});
    const broken = trust.context({...defaultTls, keypair: [{key: '/key', cert: '/cert'}]});
    await expect(broken).rejects.toThrow('cannot use the certificates in /key, /cert');
  });

  it('is also who lies in a folder, which is looked into once', async () => {
    const {trust, read} = store({'/certs.d/a.io/own.crt': certificate});
    const folders = [{path: '/certs.d/a.io', isNamed: false}];
    await trust.context({...defaultTls, folders});
    await trust.context({...defaultTls, folders, insecure: true});
    expect(read.filter((path) => path.startsWith('/certs.d'))).toEqual([
      '/certs.d/a.io/',
      '/certs.d/a.io/own.crt',
    ]);
  });

  it('is a key of a folder after that of the configuration', async () => {
    const {trust} = store({'/f/b.key': 'x', '/f/b.cert': 'y', '/own.key': 'x', '/own.cert': 'y'});
    const broken = trust.context({
      ...defaultTls,
      keypair: [{key: '/own.key', cert: '/own.cert'}],
      folders: [{path: '/f', isNamed: true}],
    });
    await expect(broken).rejects.toThrow(
      'cannot use the certificates in /own.key, /own.cert, /f/b.key, /f/b.cert',
    );
  });
});
