// Which host is asked, and what when it is not there: mirrors, plain http, proxies, against registries in this
// process.

import {randomBytes} from 'node:crypto';
import {type AddressInfo, createServer} from 'node:net';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Diagnostic} from '../../../src/diagnostics/diagnostic.ts';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import type {RegistryClient} from '../../../src/sources/registry/client.ts';
import type {CredentialSource} from '../../../src/sources/registry/docker-credentials.ts';
import {collect} from '../../support/collect.ts';
import {type FakeRegistry, startFakeRegistry} from '../../support/fake-registry.ts';
import {amd64, configOf, failed, rig, signal} from './rig.ts';

const layers = [{entries: [{path: 'a', content: 'a'}]}];

let registry: FakeRegistry;
let other: FakeRegistry;
beforeEach(async () => {
  registry = await startFakeRegistry();
  other = await startFakeRegistry();
});
afterEach(async () => {
  await registry.close();
  await other.close();
});

const name = (rest: string): string => `${registry.address}/${rest}`;
const resolve = (client: RegistryClient, rest = 'a:v1'): Promise<unknown> =>
  client.resolve(name(rest), amd64, signal);

describe('mirrors', () => {
  const client = (mirrors: readonly string[]): RegistryClient =>
    rig({config: configOf({[registry.address]: {mirrors}})}).client;

  /** With a mirror that has less than half a second. */
  const hurried = (): {mirrored: RegistryClient; warnings: Diagnostic[]} => {
    const warnings: Diagnostic[] = [];
    const {client: mirrored} = rig({
      config: configOf({
        [registry.address]: {mirrors: [other.address]},
        [other.address]: {http: true},
      }),
      timeouts: {hurryMs: 400},
      warn: (warning) => warnings.push(warning),
    });
    return {mirrored, warnings};
  };

  it('come first, and are told whose images they are asked for', async () => {
    const image = await other.addImage('a', 'v1', {layers});
    const mirrored = client([other.address]);
    await resolve(mirrored);
    await collect(mirrored.fetchBlob(name('a:v1'), image.layers[0] as Descriptor, signal));
    expect(other.requests.map(({path}) => path)).toEqual([
      `/v2/a/manifests/v1?ns=${encodeURIComponent(registry.address)}`,
      `/v2/a/blobs/${image.layers[0]?.digest}?ns=${encodeURIComponent(registry.address)}`,
    ]);
    expect(registry.log).toEqual([]);
  });

  it('may be below a path', async () => {
    await other.addImage('proxy/hub/a', 'v1', {layers});
    await resolve(client([`${other.address}/proxy/hub`]));
    expect(other.log).toEqual(['GET /v2/proxy/hub/a/manifests/v1']);
  });

  it('that lack an image are passed over', async () => {
    await registry.addImage('a', 'v1', {layers});
    await resolve(client([other.address]));
    expect([other.log, registry.log]).toEqual([['GET /v2/a/manifests/v1'], ['GET /v2/a/manifests/v1']]);
  });

  it('that lie are passed over', async () => {
    const image = await registry.addImage('a', 'v1', {layers});
    await other.addImage('a', 'v1', {layers});
    other.fault = () => ({type: 'corrupt'});
    const {manifestDigest} = await client([other.address]).resolve(name('a:v1'), amd64, signal);
    expect(manifestDigest).toBe(image.descriptor.digest);
  });

  it('that are down are not asked again', async () => {
    await registry.addImage('a', 'v1', {layers});
    await other.close();
    const {client: mirrored, pauses} = rig({
      config: configOf({[registry.address]: {mirrors: [other.address]}}),
    });
    await resolve(mirrored);
    await resolve(mirrored);
    expect(pauses).toEqual([250]);
    other = await startFakeRegistry();
  });

  it('that take connections and never answer cost little time, once, and one warning', async () => {
    const image = await registry.addImage('a', 'v1', {layers});
    other.fault = () => ({type: 'silence'});
    const {mirrored, warnings} = hurried();
    await resolve(mirrored);
    await collect(mirrored.fetchBlob(name('a:v1'), image.layers[0] as Descriptor, signal));
    expect(other.log).toEqual(['GET /v2/a/manifests/v1']);
    expect(warnings).toMatchObject([
      {
        severity: 'warning',
        code: 'registry-mirror',
        message: `mirror ${other.address} is passed over: no answer within 0.4 s; ${registry.address} is asked instead`,
      },
    ]);
  });

  it('whose token server never answers are passed over just so', async () => {
    await registry.addImage('a', 'v1', {layers});
    other.auth = {type: 'token'};
    other.fault = ({path}) => (path.startsWith('/token') ? {type: 'silence'} : undefined);
    const {mirrored, warnings} = hurried();
    await resolve(mirrored);
    expect(other.log).toEqual(['GET /v2/a/manifests/v1', 'GET /token']);
    expect(warnings).toHaveLength(1);
  });

  it('that stand still in the middle of a layer have the rest taken from the registry', async () => {
    const content = randomBytes(200_000);
    const input = {layers: [{entries: [{path: 'a', content}]}]};
    const image = await registry.addImage('a', 'v1', input);
    other.add(image, 'a');
    other.fault = ({path}) => (path.includes('/blobs/') ? {type: 'stall', bytes: 100_000} : undefined);
    const {mirrored, warnings} = hurried();
    const layer = image.layers[0] as Descriptor;
    expect(digestOf(await collect(mirrored.fetchBlob(name('a:v1'), layer, signal)))).toBe(layer.digest);
    expect(registry.requests.map(({headers}) => headers['range'])).toEqual(['bytes=100000-']);
    expect(warnings).toHaveLength(1);
  });

  it('that are slow are waited for when the registry cannot be reached, and then without hurry', async () => {
    const image = await other.addImage('a', 'v1', {layers});
    other.fault = () => (other.log.length === 1 ? {type: 'silence'} : undefined);
    await registry.close();
    const {mirrored, warnings} = hurried();
    await resolve(mirrored);
    const layer = image.layers[0] as Descriptor;
    expect(digestOf(await collect(mirrored.fetchBlob(name('a:v1'), layer, signal)))).toBe(layer.digest);
    expect(warnings).toEqual([]);
    registry = await startFakeRegistry();
  });

  it('are named when all fails', async () => {
    other.fault = () => ({type: 'answer', status: 500});
    expect(await failed(resolve(client([other.address])))).toMatchObject({
      code: 'registry-not-found',
      notes: `mirror ${other.address}: status 500`,
    });
  });

  it('have passwords of their own', async () => {
    other.auth = {type: 'basic', users: {me: 'secret'}};
    await other.addImage('a', 'v1', {layers});
    const asked: string[] = [];
    const credentials: CredentialSource = {
      lookup: async (host) => {
        asked.push(host);
        return {type: 'password', username: 'me', password: 'secret'};
      },
    };
    const config = configOf({[registry.address]: {mirrors: [other.address]}});
    await resolve(rig({config, credentials}).client);
    expect(asked).toEqual([other.address]);
  });
});

describe('a registry that cannot be reached', () => {
  it('says so, with what to look at', async () => {
    await registry.close();
    const {client, pauses} = rig();
    expect(await failed(resolve(client))).toMatchObject({
      kind: 'environment',
      code: 'registry-unreachable',
      message: `${name('a:v1')}: cannot reach registry ${registry.address}: connection refused`,
      hints: 'is the registry running, and is the port right?',
    });
    expect(pauses).toEqual([250, 500]);
    registry = await startFakeRegistry();
  });

  it('with TLS says how to do without', async () => {
    await registry.addImage('a', 'v1', {layers});
    const {client, pauses} = rig({config: configOf({[registry.address]: {http: false}})});
    expect(await failed(resolve(client))).toMatchObject({
      kind: 'environment',
      code: 'registry-unreachable',
      message: expect.stringContaining('the server does not speak TLS'),
      hints: `if it speaks plain http, set http = true below [registry."${registry.address}"] in tsbuild.toml`,
    });
    expect(pauses).toEqual([]);
  });

  it('in time says that it was the time', async () => {
    registry.fault = () => ({type: 'stall', bytes: 0});
    const config = configOf({[registry.address]: {http: true}});
    const {client} = rig({config, timeouts: {headersMs: 100, stallMs: 100}});
    await registry.addImage('a', 'v1', {layers});
    expect(await failed(resolve(client))).toMatchObject({kind: 'environment', code: 'registry-timeout'});
  });

  it('that sends its headers drop by drop is not waited for without end', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\n');
      const drops = setInterval(() => socket.write('x-drop: 1\r\n'), 20);
      socket.on('close', () => clearInterval(drops));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const {client} = rig({
      config: configOf({[host]: {http: true}}),
      timeouts: {headersMs: 200, stallMs: 200},
    });
    expect(await failed(client.resolve(`${host}/a:v1`, amd64, signal))).toMatchObject({
      code: 'registry-timeout',
    });
    await client.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('is spoken to in plain http at once when the configuration says so', async () => {
    await registry.addImage('a', 'v1', {layers});
    await resolve(rig({config: configOf({[registry.address]: {http: true}})}).client);
    expect(registry.log).toEqual(['GET /v2/a/manifests/v1']);
  });
});

describe('a proxy', () => {
  it('is given what is not of this machine', async () => {
    await registry.addImage('a', 'v1', {layers});
    const {client} = rig({
      config: configOf({'images.invalid': {http: true}}),
      environment: {HTTP_PROXY: `http://user:pw@${registry.address}`, HTTPS_PROXY: 'http://127.0.0.1:1'},
    });
    await client.resolve('images.invalid/a:v1', amd64, signal);
    expect(registry.requests[0]?.path).toBe('http://images.invalid/v2/a/manifests/v1');
    expect(registry.requests[0]?.headers['host']).toBe('images.invalid');
    expect(registry.requests[0]?.headers['proxy-authorization']).toBe(
      `Basic ${Buffer.from('user:pw').toString('base64')}`,
    );
  });

  it('is left aside for hosts in NO_PROXY', async () => {
    const {client} = rig({
      config: configOf({'images.invalid': {http: true}}),
      environment: {HTTP_PROXY: `http://${registry.address}`, NO_PROXY: '.invalid'},
    });
    expect(await failed(client.resolve('images.invalid/a:v1', amd64, signal))).toMatchObject({
      message: expect.stringContaining('cannot reach registry images.invalid'),
    });
    expect(registry.log).toEqual([]);
  });

  it('that is not there is what to look at, not the registry', async () => {
    const {client} = rig({environment: {HTTPS_PROXY: 'http://127.0.0.1:1'}});
    expect(await failed(client.resolve('images.invalid/a:v1', amd64, signal))).toMatchObject({
      code: 'registry-unreachable',
      message: expect.stringContaining('connection refused (through the proxy 127.0.0.1:1)'),
      hints: 'check HTTPS_PROXY and HTTP_PROXY, and NO_PROXY for hosts that need none',
    });
  });

  it('whose address is none is told without a retry', async () => {
    const {client, pauses} = rig({environment: {HTTPS_PROXY: 'http://['}});
    expect(await failed(client.resolve('images.invalid/a:v1', amd64, signal))).toMatchObject({
      kind: 'environment',
      code: 'registry-invalid-proxy',
      message: 'HTTPS_PROXY is no address of a proxy',
    });
    expect(pauses).toEqual([]);
  });

  it('that refuses a tunnel is named', async () => {
    const {client} = rig({environment: {HTTPS_PROXY: `http://${registry.address}`}});
    expect(await failed(client.resolve('images.invalid/a:v1', amd64, signal))).toMatchObject({
      kind: 'environment',
      code: 'registry-unreachable',
      message: expect.stringContaining(`the proxy answered 403 (through the proxy ${registry.address})`),
      hints: 'check HTTPS_PROXY and HTTP_PROXY, and NO_PROXY for hosts that need none',
    });
  });

  it('that closes every connection is not waited for without end', async () => {
    const mute = createServer((socket) => socket.once('data', () => socket.end()));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const {port} = mute.address() as AddressInfo;
    const {client} = rig({environment: {HTTPS_PROXY: `http://127.0.0.1:${port}`}});
    expect(await failed(client.resolve('images.invalid/a:v1', amd64, signal))).toMatchObject({
      kind: 'environment',
      message: expect.stringContaining('the proxy closed the connection'),
    });
    await client.close();
    mute.close();
  });
});
