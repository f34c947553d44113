// Options that every kind of cache has.

import {describe, expect, it} from 'vitest';
import {
  idleOptionsOf,
  mountWishOf,
  openBackend,
  patienceOf,
} from '../../../src/build/caching/open-backend.ts';
import type {BackendServices} from '../../../src/cache/backends/backend.ts';

const services = {environment: {}, workingDirectory: '/'} as unknown as BackendServices;
const spec = (type: string, options: Readonly<Record<string, string>>) => ({
  type,
  options: new Map(Object.entries(options)),
});

describe('mounts=', () => {
  it('names all cache mounts or some, in a scope that is main unless another is given', () => {
    expect(mountWishOf(spec('local', {dest: 'x'}))).toBeUndefined();
    expect(mountWishOf(spec('local', {mounts: 'all'}))).toEqual({scope: 'main', ids: undefined});
    expect(mountWishOf(spec('s3', {mounts: 'go, npm', scope: 'pr/1'}))).toEqual({
      scope: 'pr/1',
      ids: new Set(['go', 'npm']),
    });
  });

  it.each([
    ['local', {mounts: ''}, 'expects mounts=all or mounts=ID'],
    ['local', {mounts: 'a,,b'}, 'expects mounts=all or mounts=ID'],
    ['local', {mounts: 'all', scope: ''}, 'expects scope=NAME'],
    ['inline', {mounts: 'all'}, 'has no mounts='],
  ])('of type=%s with %j is a mistake', (type, options, message) => {
    expect(() => mountWishOf(spec(type, options))).toThrow(message);
  });
});

describe('what scripts give BuildKit', () => {
  const open = (direction: 'from' | 'to', type: string, options: Readonly<Record<string, string>>) =>
    openBackend(spec(type, options), direction, services).name;
  const said = (type: string, options: Readonly<Record<string, string>>) =>
    idleOptionsOf(spec(type, options)).map(({message}) => message);
  const job = {url_v2: 'http://x', token: 't'};

  it.each<['from' | 'to', string, Readonly<Record<string, string>>]>([
    ['from', 'gha', {...job, version: '2', timeout: '10m'}],
    ['from', 'local', {src: 'x', tag: 'v1', digest: `sha256:${'0'.repeat(64)}`}],
    ['to', 'local', {dest: 'x', tag: 'v1'}],
    ['to', 's3', {bucket: 'x', upload_parallelism: '8', touch_refresh: '72h', name: 'main;pr-1'}],
  ])('is understood, and without a word: --cache-%s type=%s with %j', (direction, type, options) => {
    open(direction, type, options);
    expect(said(type, options)).toEqual([]);
  });

  it('is warned of where it has no effect', () => {
    expect(said('gha', {...job, repository: 'a/b', ghtoken: 'secret'})).toEqual([
      'cache type=gha does not use repository= and ghtoken=: the service itself is asked which entries there are',
    ]);
    expect(said('gha', {...job, url: 'http://old/'})).toEqual([
      'cache type=gha does not use url=, the address of version 1 of the service: url_v2= is that of version 2',
    ]);
    expect(said('registry', {'compression-level': '9'})).toEqual([
      'cache type=registry does not use compression-level=: layers are kept as they are',
    ]);
  });

  it('takes the address of version 2 of the service from url=, too', () => {
    const url = 'https://results-receiver.actions.githubusercontent.com/';
    expect(open('to', 'gha', {url, token: 't'})).toBe('gha tsbuild');
    expect(said('gha', {url})).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['gha', {...job, version: '1'}, 'speaks version 2 of the service only, got version=1'],
    ['s3', {bucket: 'x', upload_parallelism: '0'}, 'expects upload_parallelism=NUMBER, got "0"'],
    ['s3', {bucket: 'x', touch_refresh: 'soon'}, 'expects touch_refresh=TIME, such as 24h, got "soon"'],
  ])('of type=%s with %j is refused', (type, options, message) => {
    expect(() => open('to', type, options)).toThrow(message);
  });

  it('says how long a look-up may take, in seconds or as Go writes times', () => {
    const times = ['10m', '90', '1.5', '1m30s', '500ms', '24h'];
    expect(times.map((timeout) => patienceOf(spec('gha', {timeout})))).toEqual([
      600, 90, 1.5, 90, 0.5, 86_400,
    ]);
    for (const timeout of ['0', 'x', '-1', '25h'])
      expect(() => patienceOf(spec('gha', {timeout}))).toThrow(
        'expects timeout=SECONDS or a time such as 10m',
      );
  });
});

describe('scope=', () => {
  it('belongs to mounts=, but in the cache of GitHub, which has scopes of its own', () => {
    const open = (type: string, options: Readonly<Record<string, string>>) =>
      openBackend(spec(type, options), 'to', services);
    expect(() => open('local', {dest: 'x', scope: 'a'})).toThrow('has scope= for mounts= only');
    expect(open('local', {dest: 'x', scope: 'a', mounts: 'all'}).name).toBe('local /x');
    expect(open('gha', {scope: 'a', url_v2: 'http://x', token: 't'}).name).toBe('gha a');
  });
});
