import {describe, expect, it} from 'vitest';
import {type LockFile, lockText, parseLock, withoutEntries} from '../../src/lock/lock-file.ts';
import {digestOf} from '../../src/oci/digest.ts';

const lock: LockFile = {
  images: [
    {reference: 'quay.io/team/app:1', platform: 'linux/amd64', digest: digestOf('app')},
    {reference: 'docker.io/library/alpine:3.20', platform: 'linux/amd64', digest: digestOf('alpine')},
  ],
  urls: [{url: 'https://example.com/a.tar', digest: digestOf('a')}],
  git: [{remote: 'https://example.com/r.git', ref: 'main', commit: 'a'.repeat(40)}],
};

describe('the text of a lock file', () => {
  it('is read as it was written', () => {
    const read = parseLock(lockText(lock));
    expect(read).toEqual({...lock, images: lock.images.toReversed()});
  });

  it('does not depend on the order of entries', () => {
    expect(lockText({...lock, images: lock.images.toReversed()})).toBe(lockText(lock));
  });

  it.each([
    ['nonsense', 'it is no JSON'],
    ['null', 'its version is undefined, expected 1'],
    ['{"version":2}', 'its version is 2, expected 1'],
    [
      '{"version":1,"images":[{"reference":"a","platform":"b","digest":"sha256:1"}],"urls":[],"git":[]}',
      'images is no list of entries',
    ],
    [
      '{"version":1,"images":[],"urls":[],"git":[{"remote":"a","ref":"","commit":"main"}]}',
      'git is no list of entries',
    ],
    ['{"version":1,"images":[],"git":[]}', 'urls is no list of entries'],
  ])('%s is none', (text, problem) => {
    expect(parseLock(text)).toEqual({problem});
  });
});

describe('an entry to be looked up anew', () => {
  it.each(['alpine', 'alpine:3.20', 'docker.io/library/alpine', 'docker.io/library/alpine:3.20'])(
    'is found as %s',
    (name) => {
      expect(withoutEntries(lock, name).images.map(({reference}) => reference)).toEqual([
        'quay.io/team/app:1',
      ]);
    },
  );

  it.each(['https://example.com/r.git', 'https://example.com/r.git#main'])('is found as %s', (name) => {
    expect(withoutEntries(lock, name)).toEqual({...lock, git: []});
  });

  it('is found by its URL, and by nothing less', () => {
    expect(withoutEntries(lock, 'https://example.com/a.tar').urls).toEqual([]);
    expect(withoutEntries(lock, 'https://example.com')).toEqual(lock);
  });
});
