import {describe, expect, it} from 'vitest';
import {fileNameOf, gitSourceOf, isHttpSource, parseGitReference} from '../../src/plan/git-reference.ts';

const whole = 'abcdef1234'.repeat(4);

describe('parseGitReference (A54, A85)', () => {
  it.each([
    ['https://example.com/a/b.git', {remote: 'https://example.com/a/b.git'}],
    ['https://example.com/b.git#v1', {remote: 'https://example.com/b.git', ref: 'v1'}],
    [
      'https://example.com/b.git#v1:sub/dir',
      {remote: 'https://example.com/b.git', ref: 'v1', subdirectory: 'sub/dir'},
    ],
    ['https://example.com/b.git#:sub', {remote: 'https://example.com/b.git', subdirectory: 'sub'}],
    ['git@example.com:a/b.git#main', {remote: 'git@example.com:a/b.git', ref: 'main'}],
    ['ssh://git@example.com/a/b', {remote: 'ssh://git@example.com/a/b'}],
    ['git://example.com/a', {remote: 'git://example.com/a'}],
    ['https://example.com/b.git?tag=v1', {remote: 'https://example.com/b.git', ref: 'refs/tags/v1'}],
    [
      'https://example.com/b.git?branch=x&subdir=d',
      {remote: 'https://example.com/b.git', ref: 'refs/heads/x', subdirectory: 'd'},
    ],
    ['https://example.com/b.git?commit=abc', {remote: 'https://example.com/b.git', checksum: 'abc'}],
    [
      `https://example.com/b.git?commit=${whole}`,
      {remote: 'https://example.com/b.git', ref: whole, checksum: whole},
    ],
    ['https://example.com/b.git?mtime=commit', {remote: 'https://example.com/b.git', mtime: 'commit'}],
    [
      'https://example.com/b.git?fetch-by-commit&checksum=abc#main',
      {remote: 'https://example.com/b.git', ref: 'main', checksum: 'abc', fetchByCommit: true},
    ],
    ['git@example.com:b.git?fetch-by-commit=f', {remote: 'git@example.com:b.git', fetchByCommit: false}],
    [
      'https://example.com/b.git?keep-git-dir=true&submodules=0',
      {remote: 'https://example.com/b.git', keepGitDirectory: true, submodules: false},
    ],
  ])('%s', (text, expected) => {
    expect(parseGitReference(text)).toEqual(expected);
  });

  it.each(['./a.git', '../a.git', 'a/b', 'https://example.com/a', 'ftp://example.com/a.git', 'a@b'])(
    '%s is no repository',
    (text) => {
      expect(parseGitReference(text)).toBeUndefined();
    },
  );

  it('takes any URL for one that --keep-git-dir is said of', () => {
    expect(parseGitReference('https://example.com/a', true)).toEqual({remote: 'https://example.com/a'});
    expect(isHttpSource('https://example.com/a', true)).toBe(false);
  });

  it.each([
    ['https://example.com/b.git?x=1', 'unexpected query "x"'],
    ['https://example.com/b.git?ref=', 'query "ref" has no value'],
    ['https://example.com/b.git?ref=a&ref=b', 'query "ref" has multiple values'],
    ['https://example.com/b.git?ref=a#b', 'ref conflicts: "b" vs "a"'],
    ['https://example.com/b.git?tag=a&branch=b', 'branch conflicts with tag'],
    ['https://example.com/b.git?keep-git-dir=maybe', 'invalid keep-git-dir value: "maybe"'],
    ['https://example.com/b.git?mtime=now', 'invalid mtime value: "now" (must be "checkout" or "commit")'],
    ['https://example.com/b.git?fetch-by-commit=no', 'invalid fetch-by-commit value: "no"'],
  ])('%s is refused', (text, message) => {
    expect(() => parseGitReference(text)).toThrow(message);
  });
});

describe('gitSourceOf', () => {
  it('lets the address win over what is said beside it', () => {
    const git = parseGitReference(
      `https://example.com/b.git?keep-git-dir=0&checksum=${whole}&mtime=checkout`,
    );
    expect(git && gitSourceOf(git, true, 'abc')).toEqual({
      type: 'git',
      remote: 'https://example.com/b.git',
      ref: whole,
      checksum: whole,
      keepGitDirectory: false,
      mtime: 'checkout',
    });
  });
});

describe('fileNameOf (A83)', () => {
  it.each([
    ['https://example.com/a/b.tgz?x=/y', 'b.tgz'],
    ['https://example.com/a%20b', 'a b'],
    ['https://example.com/a/', 'a'],
    ['https://example.com/', '__unnamed__'],
    ['https://example.com', '__unnamed__'],
  ])('%s is %s', (url, expected) => {
    expect(fileNameOf(url)).toBe(expected);
  });
});
