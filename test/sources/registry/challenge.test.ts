import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {mergedScopes, parseChallenges} from '../../../src/sources/registry/challenge.ts';

const parsed = (header: string): unknown[] =>
  parseChallenges(header).map(({scheme, parameters}) => [scheme, Object.fromEntries(parameters)]);

describe('a challenge', () => {
  it.each([
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
      [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:a/b:pull,push',
          },
        ],
      ],
    ],
    ['Basic realm="x"', [['basic', {realm: 'x'}]]],
    ['Basic', [['basic', {}]]],
    ['BASIC REALM=x', [['basic', {realm: 'x'}]]],
    [
      'Bearer realm="a", service=b , Basic realm="c, d"',
      [
        ['bearer', {realm: 'a', service: 'b'}],
        ['basic', {realm: 'c, d'}],
      ],
    ],
    [
      'Negotiate, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', {realm: 'x'}],
      ],
    ],
    ['Bearer realm="a\\"b"', [['bearer', {realm: 'a"b'}]]],
    ['', []],
  ])('%j', (header, expected) => {
    expect(parsed(header)).toEqual(expected);
  });

  it('never hangs or throws, whatever it says', () => {
    const text = fc.string({unit: fc.constantFrom(...'Bearl="\\, \t'), maxLength: 40});
    fc.assert(fc.property(text, (header) => Array.isArray(parseChallenges(header))));
  });
});

describe('scopes', () => {
  it.each([
    ['repository:me/copy:push,pull repository:me/copy:pull,push', ['repository:me/copy:pull,push']],
    [
      'repository:a:pull repository:b:pull,push repository:a:push',
      ['repository:a:pull,push', 'repository:b:pull,push'],
    ],
    [
      'registry:catalog:*  repository:host:5000/a:pull',
      ['registry:catalog:*', 'repository:host:5000/a:pull'],
    ],
    ['aws', ['aws']],
    ['', []],
  ])('%j are each resource once', (text, expected) => {
    expect(mergedScopes(text)).toEqual(expected);
  });
});
