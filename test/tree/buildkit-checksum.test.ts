// Checksums that docker 20.10 (BuildKit 0.8) had in the caches that it wrote of these very files, and what differs in
// other versions.

import {createHash} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {digestOf} from '../../src/oci/digest.ts';
import {
  type ChecksumDialect,
  type ChecksumPlace,
  TreeChecksums,
  UnscannedPart,
} from '../../src/tree/buildkit-checksum.ts';
import type {TreeRecord} from '../../src/tree/record.ts';
import {Tree} from '../../src/tree/tree.ts';
import {record, recordsOf} from './memory-tree.ts';

const texts: Readonly<Record<string, string>> = {
  'a.txt': 'hello\n',
  'd/e/x': 'x\n',
  'sub/b.txt': 'deep\n',
  'w1.txt': 'one\n',
  'w2.txt': 'two\n',
};
const modes: Readonly<Record<string, number>> = {'sub/b.txt': 0o100640};
const records = recordsOf([...Object.keys(texts), 'sub/link -> b.txt']).map((one) => ({
  ...one,
  ...(texts[one.path] === undefined ? {} : {size: texts[one.path]?.length ?? 0}),
  mode: modes[one.path] ?? one.mode,
}));

function fileDigest({path, mode, size}: TreeRecord): string {
  const head = `namemode${mode & 0o7777}uid0gid0size${size}typeflag0linknameunamegnamedevmajor0devminor0`;
  return `sha256:${createHash('sha256')
    .update(head)
    .update(texts[path] ?? '')
    .digest('hex')}`;
}

const now: ChecksumDialect = {hasRootHeader: true, matches: 'files'};
const older: ChecksumDialect = {hasRootHeader: true, matches: 'named'};

function checksum(path: string, more: Partial<ChecksumPlace> = {}, dialect = now, all = records): string {
  const tree = new Tree([{asked: ['.'], walked: ['.'], pruned: [], records: all}]);
  const place = {path, wildcard: path.includes('*'), followLinks: true, include: [], exclude: [], ...more};
  return new TreeChecksums(tree, fileDigest, dialect).of(place) ?? 'none';
}

/** As a record has it. */
function content(...checksums: readonly string[]): string {
  return digestOf(`${digestOf(checksums.join('\0'))}@-1`).slice('sha256:'.length, 'sha256:'.length + 12);
}

describe('the checksum of BuildKit', () => {
  it('is in the records of docker for files, directories, several places and patterns', () => {
    expect(content(checksum('/a.txt'))).toBe('c24a47b57646');
    expect(content(checksum('/sub'))).toBe('d6dbe594cc63');
    expect(content(checksum('/d'))).toBe('dd555b2eb6f2');
    expect(content(checksum('/a.txt'), checksum('/sub'))).toBe('6be4ce74ddf3');
    expect(content(checksum('/w*.txt'))).toBe('672a84e2ac0a');
    expect(content(checksum('/d*', {}, older))).toBe('25a3edec266f');
  });

  it('follows the last link only where it is told to', () => {
    expect(checksum('/sub/link')).toBe(checksum('/sub/b.txt'));
    expect(checksum('/sub/link', {followLinks: false})).not.toBe(checksum('/sub/b.txt'));
  });

  it.each<[string, Partial<TreeRecord>]>([
    ['mode', {mode: 0o100600}],
    ['size', {size: 4}],
  ])('changes with %s', (_, change) => {
    const changed = records.map((one) => (one.path === 'sub/b.txt' ? {...one, ...change} : one));
    expect(checksum('/', {}, now, changed)).not.toBe(checksum('/'));
  });

  it('does not change with owner and time, as it never did', () => {
    const changed = records.map((one) => ({...one, uid: 7, gid: 7, mtimeSeconds: 1, inode: 99}));
    expect(checksum('/', {}, now, changed)).toBe(checksum('/'));
  });

  it('counts patterns file by file today, and whole matches earlier', () => {
    expect(checksum('/d*')).not.toBe(checksum('/d*', {}, older));
    expect(checksum('/w*.txt')).toBe(checksum('/w*.txt', {}, older));
    expect(checksum('/w*.txt', {}, {...now, matches: 'nameless'})).not.toBe(checksum('/w*.txt'));
    expect(checksum('/nothing*')).toBe(digestOf(''));
  });

  it('leaves out what is excluded, and what is not included', () => {
    const without = records.filter(({path}) => path !== 'w2.txt');
    expect(checksum('/', {exclude: ['w2.txt']})).toBe(checksum('/', {exclude: ['w2.txt']}, now, without));
    expect(checksum('/', {include: ['sub/*.txt']})).not.toBe(checksum('/', {include: ['sub/*']}));
  });

  it('has no header of the root where a client sent the tree', () => {
    expect(checksum('/', {}, {...now, hasRootHeader: false})).not.toBe(checksum('/'));
    expect(checksum('/d', {}, {...now, hasRootHeader: false})).toBe(checksum('/d'));
  });

  it('is none of what is not there, and of what has attributes or is a socket', () => {
    expect(checksum('/missing')).toBe('none');
    const capable = records.map((one) =>
      one.path === 'a.txt' ? {...one, attributes: Uint8Array.of(1)} : one,
    );
    expect(checksum('/a.txt', {}, now, capable)).toBe('none');
    expect(checksum('/', {}, now, [...records, record('z', {mode: 0o140755})])).toBe('none');
  });

  it('asks for the part of the tree that a link leads to', () => {
    const linked = recordsOf(['l -> far/f']);
    const tree = new Tree([{asked: ['l'], walked: ['l'], pruned: [], records: linked.slice(1)}]);
    const place = {path: '/l', wildcard: false, followLinks: true, include: [], exclude: []};
    expect(() => new TreeChecksums(tree, fileDigest, now).of(place)).toThrow(UnscannedPart);
  });
});
