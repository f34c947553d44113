// TLS with authorities and client certificates of our own, made by openssl.

import {execFile} from 'node:child_process';
import {copyFile, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {createServer, type Server} from 'node:https';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {TLSSocket} from 'node:tls';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {mediaTypes} from '../../../src/oci/media-types.ts';
import {type TestImage, testImage} from '../../support/test-image.ts';
import {amd64, configOf, failed, rig, signal} from './rig.ts';

const run = promisify(execFile);

let folder: string;
let image: TestImage;
let server: Server | undefined;
let address: string;
let seen: {authorized: boolean; authorization: string | undefined}[] = [];
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsbuild-tls-'));
  image = await testImage({layers: []});
  try {
    await makeCertificates();
  } catch (error) {
    process.stderr.write(`tests of TLS are skipped: openssl failed: ${error}\n`);
    return;
  }
  const [key, cert, ca] = await Promise.all(
    ['server.key', 'server.pem', 'ca.pem'].map((name) => readFile(file(name))),
  );
  server = createServer(
    {key, cert, ca, requestCert: true, rejectUnauthorized: false},
    (request, response) => {
      const {authorization} = request.headers;
      seen.push({authorized: (request.socket as TLSSocket).authorized, authorization});
      if (request.url?.startsWith('/v2/down/')) {
        response.writeHead(307, {location: 'http://127.0.0.1:1/v2/a/manifests/v1'}).end();
        return;
      }
      response.writeHead(200, {'content-type': mediaTypes.manifest}).end(image.manifest);
    },
  );
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await rm(folder, {recursive: true, force: true});
});

async function makeCertificates(): Promise<void> {
  await writeFile(file('extensions'), 'subjectAltName=IP:127.0.0.1\n');
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, {cwd: folder});
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test ca',
  );
  for (const name of ['server', 'client']) {
    await openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signed = [
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
    ];
    await openssl('x509', ...signed, '-extfile', 'extensions', '-out', `${name}.pem`);
  }
}

const resolve = (more: Parameters<typeof rig>[0], name = 'a'): Promise<unknown> =>
  rig(more).client.resolve(`${address}/${name}:v1`, amd64, signal);
/** As a registry elsewhere is treated: with verification. */
const strict = (settings: object = {}): Parameters<typeof rig>[0] => ({
  config: configOf({[address]: {http: false, ...settings}}),
});

describe('a registry with a certificate of an unknown authority', () => {
  it('is refused, with what to do', async (test) => {
    if (server === undefined) return test.skip();
    expect(await failed(resolve(strict()))).toMatchObject({
      kind: 'environment',
      code: 'registry-unreachable',
      message: expect.stringContaining('the certificate is signed by an unknown authority'),
      hints: expect.stringContaining(`ca = ["file.pem"] below [registry."${address}"]`),
    });
  });

  it('is believed with ca in the configuration', async (test) => {
    if (server === undefined) return test.skip();
    expect(await resolve(strict({ca: [file('ca.pem')]}))).toMatchObject({
      manifestDigest: image.descriptor.digest,
    });
  });

  it.for(['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'TSBUILD_EXTRA_CA_CERTS'])(
    'is believed with %s',
    async (name, test) => {
      if (server === undefined) return test.skip();
      expect(await resolve({...strict(), environment: {[name]: file('ca.pem')}})).toBeDefined();
    },
  );

  it('is not looked at when insecure, nor on this machine', async (test) => {
    if (server === undefined) return test.skip();
    expect(await resolve(strict({insecure: true}))).toBeDefined();
    expect(await resolve({})).toBeDefined();
  });
});

it('a client certificate is presented when there is one', async (test) => {
  if (server === undefined) return test.skip();
  seen = [];
  await resolve(strict({ca: [file('ca.pem')]}));
  const keypair = [{key: file('client.key'), cert: file('client.pem')}];
  await resolve(strict({ca: [file('ca.pem')], keypair}));
  expect(seen.map(({authorized}) => authorized)).toEqual([false, true]);
});

it('a registry that wants a client certificate says so, at once', async (test) => {
  if (server === undefined) return test.skip();
  const [key, cert, ca] = await Promise.all(
    ['server.key', 'server.pem', 'ca.pem'].map((name) => readFile(file(name))),
  );
  let connections = 0;
  const closed = createServer({key, cert, ca, requestCert: true, rejectUnauthorized: true});
  closed.on('connection', () => connections++);
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
  try {
    const {client} = rig({config: configOf({[host]: {http: false, ca: [file('ca.pem')]}})});
    expect(await failed(client.resolve(`${host}/a:v1`, amd64, signal))).toMatchObject({
      kind: 'environment',
      message: expect.stringContaining(`cannot reach registry ${host}: it asks for a client certificate`),
      hints: expect.stringContaining(`certs.d/${host}`),
    });
    expect(connections).toBe(1);
  } finally {
    closed.close();
  }
});

it('certificates are taken from the folder of the host in certs.d', async (test) => {
  if (server === undefined) return test.skip();
  const own = join(folder, 'certs.d', address);
  await mkdir(own, {recursive: true});
  await copyFile(file('ca.pem'), join(own, 'ca.crt'));
  const config = {...configOf({[address]: {http: false}}), certificatePlaces: [join(folder, 'certs.d')]};
  seen = [];
  await resolve({config});
  await copyFile(file('client.key'), join(own, 'client.key'));
  expect(await failed(resolve({config}))).toMatchObject({
    kind: 'environment',
    message: `${join(own, 'client.key')} has no client.cert beside it`,
  });
  await copyFile(file('client.pem'), join(own, 'client.cert'));
  await resolve({config});
  expect(seen.map(({authorized}) => authorized)).toEqual([false, true]);
});

it('a redirect from https to http is not followed for a name', async (test) => {
  if (server === undefined) return test.skip();
  expect(await failed(resolve(strict({ca: [file('ca.pem')]}), 'down'))).toMatchObject({
    kind: 'environment',
    message: expect.stringContaining('redirected from https to http://127.0.0.1:1'),
  });
});
