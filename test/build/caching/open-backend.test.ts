// Options that every kind of cache has.

import {describe, expect, it} from 'vitest';
import {mountWishOf, openBackend} from '../../../src/build/caching/open-backend.ts';
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

describe('scope=', () => {
  it('belongs to mounts=, but in the cache of GitHub, which has scopes of its own', () => {
    const open = (type: string, options: Readonly<Record<string, string>>) =>
      openBackend(spec(type, options), 'to', services);
    expect(() => open('local', {dest: 'x', scope: 'a'})).toThrow('has scope= for mounts= only');
    expect(open('local', {dest: 'x', scope: 'a', mounts: 'all'}).name).toBe('local /x');
    expect(open('gha', {scope: 'a', url_v2: 'http://x', token: 't'}).name).toBe('gha a');
  });
});
