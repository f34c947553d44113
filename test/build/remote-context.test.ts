// The forms in which a context can be a repository.

import {describe, expect, it} from 'vitest';
import {gitContextOf} from '../../src/build/remote-context.ts';

const remote = 'https://example.org/a.git';
const plain = {type: 'git', remote, keepGitDirectory: false};

describe('a repository', () => {
  it.each([
    [remote, plain],
    [`${remote}#main`, {...plain, ref: 'main'}],
    [`${remote}#main:dir`, {...plain, ref: 'main', subdirectory: 'dir'}],
    [`${remote}#:dir`, {...plain, subdirectory: 'dir'}],
    [`${remote}?ref=main&subdir=dir`, {...plain, ref: 'main', subdirectory: 'dir'}],
    [`${remote}?tag=v1&submodules=false`, {...plain, ref: 'refs/tags/v1', skipSubmodules: true}],
    [`${remote}?keep-git-dir=1`, {...plain, keepGitDirectory: true}],
    [`${remote}?ref=main&checksum=abc`, {...plain, ref: 'main', checksum: 'abc'}],
    ['git@example.org:a/b.git#v1', {...plain, remote: 'git@example.org:a/b.git', ref: 'v1'}],
    ['git://example.org/a', {...plain, remote: 'git://example.org/a'}],
    ['github.com/user/repo', {...plain, remote: 'https://github.com/user/repo'}],
    [
      'github.com/user/repo#main:dir',
      {...plain, remote: 'https://github.com/user/repo', ref: 'main', subdirectory: 'dir'},
    ],
  ])('%s', (text, source) => {
    expect(gitContextOf(text)).toEqual(source);
  });

  it('keeps .git when the build says so and the address does not say no', () => {
    expect(gitContextOf(remote, true)).toMatchObject({keepGitDirectory: true});
    expect(gitContextOf(`${remote}?keep-git-dir=0`, true)).toMatchObject({keepGitDirectory: false});
  });
});

it.each(['https://example.org/a.tar.gz', './github.com/x', 'dir', 'docker-image://a'])(
  '%s is none',
  (text) => {
    expect(gitContextOf(text)).toBeUndefined();
  },
);

it('a query that makes no sense is a usage error', () => {
  expect(() => gitContextOf(`${remote}?branch=a&tag=b`)).toThrow(/branch conflicts with tag/);
});
