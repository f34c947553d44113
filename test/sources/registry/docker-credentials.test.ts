import {describe, expect, it} from 'vitest';
import {BuildError} from '../../../src/diagnostics/build-error.ts';
import type {HelperCredential} from '../../../src/helper/credential-helper.ts';
import {type Credential, DockerCredentials} from '../../../src/sources/registry/docker-credentials.ts';

const {signal} = new AbortController();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Asked {
  readonly credentials: DockerCredentials;
  readonly read: string[];
  readonly helpers: string[];
}

function credentials(
  config: unknown,
  more: {environment?: Record<string, string>; helper?: HelperCredential} = {},
): Asked {
  const read: string[] = [];
  const helpers: string[] = [];
  const source = new DockerCredentials({
    environment: more.environment ?? {HOME: '/h'},
    readFile: async (path) => {
      read.push(path);
      if (config === undefined) throw Object.assign(new Error('none'), {code: 'ENOENT'});
      return typeof config === 'string' ? config : JSON.stringify(config);
    },
    askHelper: async ({name, server}) => {
      helpers.push(`${name} ${server}`);
      return more.helper;
    },
  });
  return {credentials: source, read, helpers};
}

const found = (config: unknown, host: string, helper?: HelperCredential): Promise<Credential | undefined> =>
  credentials(config, helper === undefined ? {} : {helper}).credentials.lookup(host, signal);

const me = {type: 'password', username: 'me', password: 'a:b'};

describe('docker’s passwords', () => {
  it.each([
    ['ghcr.io', {'ghcr.io': {auth: base64('me:a:b')}}],
    ['ghcr.io', {'https://ghcr.io': {auth: base64('me:a:b')}}],
    ['ghcr.io', {'https://ghcr.io/v1/': {auth: base64('me:a:b')}}],
    ['ghcr.io', {'ghcr.io': {username: 'me', password: 'a:b'}}],
    ['ghcr.io', {'ghcr.io': {auth: base64('me:a:b\0\0')}}],
    ['docker.io', {'https://index.docker.io/v1/': {auth: base64('me:a:b')}}],
    ['docker.io', {'docker.io': {auth: base64('me:a:b')}}],
    ['localhost:5000', {'localhost:5000': {auth: base64('me:a:b')}}],
  ])('of %s are found in %j', async (host, auths) => {
    expect(await found({auths}, host)).toEqual(me);
  });

  it('are for one host only', async () => {
    const auths = {'ghcr.io': {auth: base64('me:x')}, 'a.io:5000': {auth: base64('me:x')}};
    for (const host of ['a.io', 'io', 'xghcr.io', 'docker.io'])
      expect(await found({auths}, host)).toBeUndefined();
  });

  it.each([
    [
      {identitytoken: 'x', auth: base64('me:')},
      {type: 'identity', token: 'x'},
    ],
    [{registrytoken: 'x'}, {type: 'bearer', token: 'x'}],
    [{}, undefined],
    [{auth: base64('no colon')}, undefined],
    [{auth: 7}, undefined],
    ['x', undefined],
  ])('may be %j', async (entry, expected) => {
    expect(await found({auths: {'a.io': entry}}, 'a.io')).toEqual(expected);
  });
});

describe('docker’s credential helpers', () => {
  const helper = {username: 'me', secret: 'a:b'};

  it('are asked per host, or for all', async () => {
    const config = {credHelpers: {'a.io': 'one'}, credsStore: 'all'};
    const {credentials: source, helpers} = credentials(config, {helper});
    expect(await source.lookup('a.io', signal)).toEqual(me);
    expect(await source.lookup('docker.io', signal)).toEqual(me);
    expect(helpers).toEqual(['one a.io', 'all https://index.docker.io/v1/']);
  });

  it('may give an identity token', async () => {
    expect(await found({credsStore: 'x'}, 'a.io', {username: '<token>', secret: 't'})).toEqual({
      type: 'identity',
      token: 't',
    });
  });

  it('that know nothing leave it to the file', async () => {
    expect(await found({credsStore: 'x', auths: {'a.io': {auth: base64('me:a:b')}}}, 'a.io')).toEqual(me);
  });

  it('are asked once', async () => {
    const {credentials: source, helpers, read} = credentials({credsStore: 'x'}, {helper});
    await Promise.all([source.lookup('a.io', signal), source.lookup('a.io', signal)]);
    expect([helpers.length, read.length]).toEqual([1, 1]);
  });
});

describe('docker’s configuration', () => {
  it('is in DOCKER_CONFIG or at home', async () => {
    const {credentials: home, read} = credentials(undefined);
    expect(await home.lookup('a.io', signal)).toBeUndefined();
    expect(read).toEqual(['/h/.docker/config.json']);
    const elsewhere = credentials(undefined, {environment: {DOCKER_CONFIG: '/d', HOME: '/h'}});
    await elsewhere.credentials.lookup('a.io', signal);
    expect(elsewhere.read).toEqual(['/d/config.json']);
    const nowhere = credentials(undefined, {environment: {}});
    expect(await nowhere.credentials.lookup('a.io', signal)).toBeUndefined();
    expect(nowhere.read).toEqual([]);
  });

  it('in DOCKER_AUTH_CONFIG goes before what files and helpers know, for the hosts that it names', async () => {
    const auths = {'a.io': {auth: base64('me:a:b')}};
    const environment = {HOME: '/h', DOCKER_AUTH_CONFIG: JSON.stringify({auths})};
    const helper = {username: 'other', secret: 's'};
    const {credentials: source, read, helpers} = credentials({credsStore: 'keep'}, {environment, helper});
    expect(await source.lookup('a.io', signal)).toEqual(me);
    expect([read, helpers]).toEqual([[], []]);
    expect(await source.lookup('b.io', signal)).toMatchObject({username: 'other'});
    const broken = credentials({}, {environment: {DOCKER_AUTH_CONFIG: '{"auths": c2VjcmV0'}});
    const error = await broken.credentials.lookup('a.io', signal).catch((reason: unknown) => reason);
    expect(error).toMatchObject({message: 'cannot use DOCKER_AUTH_CONFIG: it is no JSON'});
    expect(JSON.stringify([error, (error as Error).cause])).not.toContain('c2VjcmV0');
  });

  it('that is broken is named, and none of it shown', async () => {
    const error = await found('{"auths": {"a.io": {"auth": "c2VjcmV0', 'a.io').catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BuildError);
    expect(error).toMatchObject({
      kind: 'environment',
      message: 'cannot use /h/.docker/config.json: it is no JSON',
    });
    expect(JSON.stringify([error, (error as Error).cause])).not.toContain('c2VjcmV0');
  });

  it.each([[], 'x', null, {auths: [], credHelpers: 'x', credsStore: 7}])(
    'of other shapes knows nothing: %j',
    async (config) => {
      expect(await found(JSON.stringify(config), 'a.io')).toBeUndefined();
    },
  );
});
