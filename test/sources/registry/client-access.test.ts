// Who may, and how often: tokens, passwords, limits, redirects, against registries in this process.

import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import type {RegistryClient} from '../../../src/sources/registry/client.ts';
import type {Credential, CredentialSource} from '../../../src/sources/registry/docker-credentials.ts';
import {collect} from '../../support/collect.ts';
import {type FakeRegistry, startFakeRegistry} from '../../support/fake-registry.ts';
import {amd64, failed, rig, signal} from './rig.ts';

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

function knowing(credential: Credential): CredentialSource {
  return {lookup: async (host) => (host === registry.address ? credential : undefined)};
}
const me = knowing({type: 'password', username: 'me', password: 'secret'});
const sent = (index: number): unknown => registry.requests[index]?.headers['authorization'];

describe('a registry with tokens', () => {
  it('gives anybody one, which is kept', async () => {
    registry.auth = {type: 'token'};
    const image = await registry.addImage('a', 'v1', {layers});
    const {client} = rig();
    await resolve(client);
    await client.fetchSmall(name('a:v1'), image.config, signal);
    expect(registry.log).toEqual([
      'GET /v2/a/manifests/v1',
      'GET /token',
      'GET /v2/a/manifests/v1',
      `GET /v2/a/blobs/${image.config.digest}`,
    ]);
    expect(registry.requests[1]?.path).toBe('/token?service=fake&scope=repository%3Aa%3Apull');
    expect([sent(1), sent(2)]).toEqual([undefined, 'Bearer token-1-repository:a:pull']);
  });

  it('gives one per repository', async () => {
    registry.auth = {type: 'token'};
    for (const repository of ['a', 'b']) await registry.addImage(repository, 'v1', {layers});
    const {client} = rig();
    await resolve(client, 'a:v1');
    await resolve(client, 'b:v1');
    expect(registry.log.filter((line) => line === 'GET /token')).toHaveLength(2);
  });

  it('is asked once by many at once', async () => {
    registry.auth = {type: 'token'};
    await registry.addImage('a', 'v1', {layers});
    const {client} = rig();
    await Promise.all(Array.from({length: 6}, () => resolve(client)));
    expect(registry.log.filter((line) => line === 'GET /token')).toHaveLength(1);
  });

  it('is asked again shortly before a token expires, and when it forgot one', async () => {
    registry.auth = {type: 'token', expiresIn: 100};
    await registry.addImage('a', 'v1', {layers});
    const {client, pass} = rig();
    await resolve(client);
    pass(95_000);
    await resolve(client);
    expect(sent(registry.requests.length - 1)).toBe('Bearer token-2-repository:a:pull');
    registry.forgetTokens();
    await resolve(client);
    expect(sent(registry.requests.length - 1)).toBe('Bearer token-3-repository:a:pull');
  });

  it('is told who asks when docker knows', async () => {
    registry.auth = {type: 'token', users: {me: 'secret'}};
    await registry.addImage('a', 'v1', {layers});
    await resolve(rig({credentials: me}).client);
    expect(registry.requests[1]?.path).toContain('account=me');
    expect([sent(0), sent(1)]).toEqual([undefined, `Basic ${Buffer.from('me:secret').toString('base64')}`]);
  });

  it('exchanges an identity token', async () => {
    registry.auth = {type: 'token', refreshToken: 'refresh'};
    await registry.addImage('a', 'v1', {layers});
    await resolve(rig({credentials: knowing({type: 'identity', token: 'refresh'})}).client);
    expect(registry.requests[1]).toMatchObject({method: 'POST', path: '/token'});
    expect(registry.requests[1]?.body).toContain('grant_type=refresh_token');
  });

  it('refuses a wrong password once', async () => {
    registry.auth = {type: 'token', users: {me: 'other'}};
    const {client, pauses} = rig({credentials: me});
    expect(await failed(resolve(client))).toMatchObject({
      kind: 'user',
      code: 'registry-denied',
      message: `${name('a:v1')}: access denied, repository does not exist or may require authorization`,
      hints: `the login for ${registry.address} has no access to it; log in again with tsbuild login ${registry.address}`,
      notes: `${registry.address} says: unauthorized: authentication required`,
    });
    expect([pauses, registry.log]).toEqual([[], ['GET /v2/a/manifests/v1', 'GET /token']]);
  });

  it('that refuses every token it gave is asked once more, for a manifest and for a layer', async () => {
    registry.auth = {type: 'token'};
    const image = await registry.addImage('a', 'v1', {layers});
    const [layer] = image.layers;
    const challenge = {'www-authenticate': `Bearer realm="http://${other.address}/token",service="s"`};
    const refusesAll = {type: 'answer', status: 401, headers: challenge} as const;
    let given = 0;
    other.fault = () => ({type: 'answer', status: 200, body: `{"token":"t${given++}"}`});
    registry.fault = () => refusesAll;
    const {client, pauses} = rig();
    expect((await failed(resolve(client))).code).toBe('registry-denied');
    expect([registry.log.length, other.log.length]).toEqual([2, 1]);
    const fetched = collect(client.fetchBlob(name('a:v1'), layer as Descriptor, signal));
    expect((await failed(fetched)).code).toBe('registry-denied');
    expect([registry.log.length, other.log.length, pauses]).toEqual([4, 2, []]);
  });

  it('may be down for a moment where tokens come from', async () => {
    registry.auth = {type: 'token'};
    await registry.addImage('a', 'v1', {layers});
    registry.fault = ({path, before}) =>
      path.startsWith('/token') && before < 2 ? {type: 'answer', status: 503} : undefined;
    const {client, pauses} = rig();
    await resolve(client);
    expect(pauses).toEqual([250, 500]);
  });

  it('that gives rubbish for a token is told so', async () => {
    registry.auth = {type: 'token'};
    registry.fault = ({path}) =>
      path.startsWith('/token') ? {type: 'answer', status: 200, body: '{"token":"a\\r\\nX: y"}'} : undefined;
    expect((await failed(resolve(rig().client))).code).toBe('registry-invalid-token');
  });
});

describe('a registry with passwords', () => {
  it('gets one', async () => {
    registry.auth = {type: 'basic', users: {me: 'secret'}};
    await registry.addImage('a', 'v1', {layers});
    const {client} = rig({credentials: me});
    await resolve(client);
    await resolve(client);
    expect(registry.requests).toHaveLength(3);
  });

  it('gets none when there is none, and the user a hint', async () => {
    registry.auth = {type: 'basic', users: {me: 'secret'}};
    expect((await failed(resolve(rig().client))).hints).toBe(
      `check the name, or log in with tsbuild login ${registry.address}`,
    );
    expect(registry.requests).toHaveLength(1);
  });

  it('may also say 403', async () => {
    registry.fault = () => ({
      type: 'answer',
      status: 403,
      body: '{"errors":[{"code":"DENIED","message":"no\\u001b[31m"}]}',
    });
    expect(await failed(resolve(rig().client))).toMatchObject({
      code: 'registry-denied',
      notes: `${registry.address} says: denied: no [31m`,
    });
  });
});

describe('a registry that is busy', () => {
  it('is asked again when it says', async () => {
    await registry.addImage('a', 'v1', {layers});
    registry.fault = ({before}) =>
      before === 0 ? {type: 'answer', status: 429, headers: {'retry-after': '7'}} : undefined;
    const {client, pauses} = rig();
    await resolve(client);
    expect(pauses).toEqual([7000]);
  });

  it('for long is an answer for the user', async () => {
    registry.fault = () => ({
      type: 'answer',
      status: 429,
      headers: {'retry-after': '3600'},
      body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}',
    });
    const {client, pauses} = rig();
    expect(await failed(resolve(client))).toMatchObject({
      kind: 'environment',
      code: 'registry-rate-limited',
      hints: expect.stringMatching(/^try again in 3600 s, log in for a higher limit, or use a mirror/),
      notes: `${registry.address} says: toomanyrequests: slow down`,
    });
    expect(pauses).toEqual([]);
  });

  it('is given up after five times', async () => {
    registry.fault = () => ({type: 'answer', status: 502, body: '<html>bad gateway</html>'});
    const {client, pauses} = rig();
    expect(await failed(resolve(client))).toMatchObject({
      kind: 'environment',
      code: 'registry-server-error',
      message: `${name('a:v1')}: registry ${registry.address} has an error of its own (status 502)`,
      notes: '',
    });
    expect(pauses).toEqual([250, 500, 1000, 2000]);
    expect(registry.requests).toHaveLength(5);
  });
});

describe('a redirect', () => {
  let layer: Descriptor;

  beforeEach(async () => {
    registry.auth = {type: 'token'};
    const image = await registry.addImage('a', 'v1', {layers});
    await other.addImage('a', 'v1', {layers});
    layer = image.layers[0] as Descriptor;
  });
  const to = (location: string) => (): {type: 'answer'; status: number; headers: Record<string, string>} => ({
    type: 'answer',
    status: 307,
    headers: {location},
  });
  const onBlobs = (location: string): void => {
    registry.fault = ({path}) => (path === `/v2/a/blobs/${layer.digest}` ? to(location)() : undefined);
  };

  it('to another host is followed without the token', async () => {
    onBlobs(`http://${other.address}/v2/a/blobs/${layer.digest}?signature=x`);
    const {client} = rig();
    await resolve(client);
    const bytes = await collect(client.fetchBlob(name('a:v1'), layer, signal));
    expect(bytes).toHaveLength(layer.size);
    expect(sent(registry.requests.length - 1)).toContain('Bearer');
    expect(other.requests).toHaveLength(1);
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(other.requests[0]?.path).toContain('signature=x');
  });

  it('to another host that asks who we are gets no password, wherever it wants that sent', async () => {
    onBlobs(`http://${other.address}/v2/a/blobs/${layer.digest}`);
    const {client} = rig({credentials: me});
    await resolve(client);
    for (const type of ['token', 'basic'] as const) {
      other.auth = {type};
      const before = other.requests.length;
      const error = await failed(collect(client.fetchBlob(name('a:v1'), layer, signal)));
      expect(error.code).toBe('registry-storage-refused');
      expect(new Set(other.log.slice(before))).toEqual(new Set([`GET /v2/a/blobs/${layer.digest}`]));
    }
    expect(other.requests.every(({headers}) => headers['authorization'] === undefined)).toBe(true);
  });

  it('whose signature has run out is asked for again, once', async () => {
    onBlobs(`http://${other.address}/v2/a/blobs/${layer.digest}`);
    const refusal =
      '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message>';
    const refuses = (times: number): void => {
      other.requests.length = 0;
      other.fault = () =>
        other.requests.length <= times ? {type: 'answer', status: 403, body: refusal} : undefined;
    };
    const {client} = rig({credentials: me});
    const fetched = (): Promise<Uint8Array> => collect(client.fetchBlob(name('a:v1'), layer, signal));
    refuses(1);
    expect(await fetched()).toHaveLength(layer.size);
    refuses(2);
    expect(await failed(fetched())).toEqual({
      kind: 'environment',
      code: 'registry-storage-refused',
      message: `${name('a:v1')}: layer ${layer.digest}: ${other.address}, where registry ${registry.address} sends for it, refused the request (status 403)`,
      hints:
        'what the registry signs is good for a short time: try again, and check the clock of this machine and the proxy',
      notes: `${other.address} says: AccessDenied: Request has expired`,
    });
    expect(other.requests).toHaveLength(2);
  });

  it('on the same host keeps the token', async () => {
    onBlobs(`/v2/b/blobs/${layer.digest}`);
    const {client} = rig();
    await resolve(client);
    await collect(client.fetchBlob(name('a:v1'), layer, signal));
    expect(sent(registry.requests.length - 1)).toContain('Bearer');
  });

  it('in a circle ends', async () => {
    onBlobs(`/v2/a/blobs/${layer.digest}`);
    const error = await failed(collect(rig().client.fetchBlob(name('a:v1'), layer, signal)));
    expect(error.message).toContain('more than 10 redirects');
  });

  it('to a file is not followed', async () => {
    onBlobs('file:///etc/passwd');
    const error = await failed(collect(rig().client.fetchBlob(name('a:v1'), layer, signal)));
    expect(error.message).toContain('redirected to file:');
  });
});
