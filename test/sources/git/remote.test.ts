// Addresses, credentials and names of repositories.

import {describe, expect, it} from 'vitest';
import {gitRemoteOf, patternsFor, refIn} from '../../../src/sources/git/remote.ts';

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
];

function secrets(texts: Readonly<Record<string, string>>): Readonly<Record<string, Uint8Array>> {
  return Object.fromEntries(Object.entries(texts).map(([id, text]) => [id, Buffer.from(text)]));
}

function basic(text: string): string {
  return `Authorization: basic ${Buffer.from(text).toString('base64')}`;
}

describe('a remote', () => {
  it('without credentials is its address', () => {
    expect(gitRemoteOf('https://example.org/a.git', {})).toEqual({address: 'https://example.org/a.git'});
    expect(gitRemoteOf('git@example.org:a.git', {})).toEqual({address: 'git@example.org:a.git'});
    expect(gitRemoteOf('ssh://git@example.org/a.git', {})).toEqual({address: 'ssh://git@example.org/a.git'});
  });

  it('with a password in its address sends it as a header', () => {
    expect(gitRemoteOf('https://me:p%40ss@example.org/a.git', {})).toEqual({
      address: 'https://example.org/a.git',
      header: {scope: 'https://example.org/a.git', value: basic('me:p@ss')},
    });
  });

  it('takes the secret for its host before the general one, and a header before a token', () => {
    const valueWith = (texts: Readonly<Record<string, string>>): string | undefined =>
      gitRemoteOf('https://me:x@example.org:8443/a.git', secrets(texts)).header?.value;
    expect(valueWith({GIT_AUTH_TOKEN: 't\n'})).toBe(basic('x-access-token:t'));
    expect(valueWith({GIT_AUTH_TOKEN: 't', GIT_AUTH_HEADER: 'Bearer h'})).toBe('Authorization: Bearer h');
    expect(valueWith({GIT_AUTH_HEADER: 'Bearer h', 'GIT_AUTH_TOKEN.example.org:8443': 't'})).toBe(
      basic('x-access-token:t'),
    );
    expect(valueWith({'GIT_AUTH_TOKEN.elsewhere.org': 't'})).toBe(basic('me:x'));
  });

  it('of GitHub lends its token to other repositories there', () => {
    const remote = gitRemoteOf('https://github.com/a/b.git', secrets({GIT_AUTH_TOKEN: 't'}));
    expect(remote.header?.scope).toBe('https://github.com/');
  });

  it('that is none is an error without its password', () => {
    expect(() => gitRemoteOf('https://me:secret@[/a.git', {})).toThrow(/^https:\/\/xxxxx@\[/);
  });

  it('of ssh has a user, and no password', () => {
    expect(gitRemoteOf('ssh://me:secret@example.org/a.git', {})).toEqual({
      address: 'ssh://me@example.org/a.git',
    });
    const {address} = gitRemoteOf('ssh://git@example.org:22/a@b:c.git', {});
    expect(address).toBe('ssh://git@example.org:22/a@b:c.git');
  });
});

describe('a ref', () => {
  const answer = [
    `${a}\tHEAD`,
    `${a}\trefs/heads/main`,
    `${b}\trefs/heads/both`,
    `${c}\trefs/tags/both`,
    `${c}\trefs/tags/v1`,
    `${d}\trefs/tags/v1^{}`,
    `${d}\trefs/heads/other/main`,
    '',
  ].join('\n');

  it.each([
    ['HEAD', {name: 'HEAD', commit: a}],
    ['main', {name: 'refs/heads/main', commit: a}],
    ['heads/main', {name: 'refs/heads/main', commit: a}],
    ['refs/heads/main', {name: 'refs/heads/main', commit: a}],
    ['refs/tags/both', {name: 'refs/tags/both', commit: c}],
  ])('%s is found', (ref, found) => {
    expect(refIn(answer, ref)).toEqual(found);
  });

  it('is a branch rather than a tag', () => {
    expect(refIn(answer, 'both')).toEqual({name: 'refs/heads/both', commit: b});
  });

  it('that is an annotated tag has a commit and an object', () => {
    expect(refIn(answer, 'v1')).toEqual({name: 'refs/tags/v1', commit: d, tag: c});
    expect(patternsFor('v1')).toEqual(['v1', 'v1^{}']);
  });

  it('is the default branch by its name, when the server tells it', () => {
    expect(refIn(`ref: refs/heads/main\tHEAD\n${answer}`, 'HEAD')).toEqual({
      name: 'refs/heads/main',
      commit: a,
    });
    expect(refIn('ref: refs/heads/main\tHEAD\n', 'HEAD')).toBeUndefined();
  });

  it('is not found by its end', () => {
    expect(refIn(`${d}\trefs/heads/other/main`, 'main')).toBeUndefined();
    expect(refIn('', 'main')).toBeUndefined();
  });
});
