import {describe, expect, it} from 'vitest';
import {SourceGate} from '../../../src/build/origin/source-gate.ts';
import type {GitSource, HttpSource} from '../../../src/graph/op.ts';
import {emptyLock, type LockFile} from '../../../src/lock/lock-file.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import {parseSourcePolicy} from '../../../src/policy/source-policy.ts';

const amd64 = {os: 'linux', architecture: 'amd64'};
const commit = '1'.repeat(40);
const lock: LockFile = {
  images: [{reference: 'docker.io/library/a:1', platform: 'linux/amd64', digest: digestOf('a')}],
  urls: [{url: 'https://example.com/f', digest: digestOf('f')}],
  git: [{remote: 'https://example.com/r.git', ref: 'main', commit}],
};
const http: HttpSource = {type: 'http', url: 'https://example.com/f', filename: 'f'};
const git: GitSource = {
  type: 'git',
  remote: 'https://example.com/r.git',
  ref: 'main',
  keepGitDirectory: false,
};

function gateOf(...rules: readonly object[]): SourceGate {
  const policy = parseSourcePolicy(JSON.stringify({rules}));
  if ('problem' in policy) throw new Error(policy.problem);
  return new SourceGate(policy, emptyLock, undefined);
}

describe('a locked build', () => {
  const gate = new SourceGate(undefined, lock, 'Dockerfile.lock');

  it('takes what the lock says', () => {
    expect(gate.image('docker.io/library/a:1', amd64)).toEqual({
      reference: 'docker.io/library/a:1',
      digest: digestOf('a'),
    });
    expect(gate.http(http).checksum).toBe(digestOf('f'));
    expect(gate.git(git)).toMatchObject({ref: 'main', checksum: commit, fetchByCommit: true});
  });

  it.each([
    ['an image', () => gate.image('docker.io/library/b:1', amd64), 'docker.io/library/b:1 for linux/amd64'],
    [
      'another platform',
      () => gate.image('docker.io/library/a:1', {...amd64, architecture: 'arm64'}),
      'linux/arm64',
    ],
    ['a URL', () => gate.http({...http, url: 'https://me:pw@example.com/g'}), 'https://xxxxx@example.com/g'],
    ['a ref', () => gate.git({...git, ref: 'next'}), 'https://example.com/r.git#next'],
  ])('refuses %s that is not in it', (_, pass, what) => {
    expect(pass).toThrow(`${what} is not in Dockerfile.lock`);
  });

  it('takes what says itself what it is', () => {
    const pinned = `docker.io/library/b@${digestOf('b')}`;
    expect(gate.image(pinned, amd64)).toEqual({reference: pinned, digest: undefined});
    const checked = {...http, url: 'https://example.com/g', checksum: digestOf('g')};
    expect(gate.http(checked)).toEqual(checked);
    expect(gate.git({...git, ref: commit})).toMatchObject({ref: commit});
  });
});

it('without a lock everything stays as it is', () => {
  const gate = new SourceGate(undefined, emptyLock, undefined);
  expect(gate.image('docker.io/library/a:1', amd64).digest).toBeUndefined();
  expect(gate.http(http)).toEqual(http);
  expect(gate.git(git)).toEqual(git);
});

describe('a source policy', () => {
  const deny = (identifier: string): SourceGate => gateOf({action: 'DENY', selector: {identifier}});
  const convert = (identifier: string, updates: object): SourceGate =>
    gateOf({action: 'CONVERT', selector: {identifier}, updates});

  it('keeps out every kind of source', () => {
    expect(() => deny('docker-image://docker.io/*').image('docker.io/library/a:1', amd64)).toThrow(
      'source "docker-image://docker.io/library/a:1" denied by policy',
    );
    expect(() => deny('https://*').http(http)).toThrow('denied by policy');
    expect(() => deny('git://example.com/*').git(git)).toThrow(
      'source "git://example.com/r.git#main" denied',
    );
    expect(() => deny('local://context').local('context')).toThrow('denied by policy');
    expect(() => deny('oci-layout://*').layout('docker.io/library/x@sha256:1')).toThrow('denied by policy');
  });

  it('converts within a kind', () => {
    const to = 'docker-image://mirror.example/a';
    expect(
      convert('docker-image://docker.io/library/a:1', {identifier: to}).image('docker.io/library/a:1', amd64),
    ).toEqual({reference: 'mirror.example/a:latest', digest: undefined});
    expect(convert('https://*', {attrs: {'http.checksum': digestOf('f')}}).http(http)).toEqual({
      ...http,
      checksum: digestOf('f'),
    });
    expect(convert('git://*#main', {identifier: 'git://mirror.example/r.git#next'}).git(git)).toEqual({
      ...git,
      remote: 'https://mirror.example/r.git',
      ref: 'next',
    });
  });

  it('does not convert into another kind, or set what we do not know', () => {
    expect(() => convert('https://*', {identifier: 'docker-image://a'}).http(http)).toThrow(
      'not a source of the same kind',
    );
    expect(() => convert('https://*', {attrs: {'http.uid': '1'}}).http(http)).toThrow('sets http.uid');
    expect(() => convert('local://*', {identifier: 'local://other'}).local('context')).toThrow('same kind');
  });
});
