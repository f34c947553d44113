import {describe, expect, it} from 'vitest';
import {compareFileLists, encodeFileList} from '../../src/tree/file-list.ts';
import type {TreeRecord} from '../../src/tree/record.ts';
import {record} from './memory-tree.ts';

function listOf(entries: readonly TreeRecord[], contents: Readonly<Record<string, number>> = {}): Uint8Array {
  const source = {kind: 'directory' as const, path: '.', name: '.', entries, filtered: false};
  const digestOf = ({path}: TreeRecord): Uint8Array => new Uint8Array(32).fill(contents[path] ?? path.length);
  const list = encodeFileList({sources: [source]}, {ownership: 'kept', digestOf});
  if (list === undefined) throw new Error('too many files');
  return list;
}

const directory = record('src', {mode: 0o040755});
const before = listOf([directory, record('src/a'), record('src/bb'), record('z')]);

describe('compareFileLists', () => {
  it('names what changed, came and went, in the order of paths', () => {
    const after = listOf([directory, record('new.txt'), record('src/a'), record('src/bb')], {'src/a': 9});
    expect(compareFileLists(before, after)).toEqual({
      phrases: ['new.txt added', 'src/a changed', 'z removed'],
      files: 4,
    });
  });

  it('counts a file once that is within two sources', () => {
    const source = {
      kind: 'directory' as const,
      path: '.',
      name: '.',
      entries: [record('a')],
      filtered: false,
    };
    const twice = encodeFileList(
      {sources: [source, source]},
      {ownership: 'kept', digestOf: () => new Uint8Array(32)},
    );
    expect(compareFileLists(twice ?? before, listOf([record('a'), record('b')]))).toMatchObject({files: 2});
  });

  it('counts what is alike before and after, too', () => {
    const many = Array.from({length: 60}, (_, n) => record(`src/f${String(n).padStart(2, '0')}`));
    const all = listOf([directory, ...many]);
    for (const at of [0, 30, 59]) {
      const path = many[at]?.path ?? '';
      expect(compareFileLists(all, listOf([directory, ...many], {[path]: 99}))).toEqual({
        phrases: [`${path} changed`],
        files: 60,
      });
      const fewer = listOf([directory, ...many.toSpliced(at, 1)]);
      expect(compareFileLists(all, fewer)).toEqual({phrases: [`${path} removed`], files: 60});
      expect(compareFileLists(fewer, all)).toEqual({phrases: [`${path} added`], files: 60});
    }
    expect(compareFileLists(all, all)).toEqual({phrases: [], files: 60});
  });

  it('tells modes, owners and link targets from contents', () => {
    const link = {mode: 0o120777};
    const old = listOf([record('a'), record('b'), record('l', {...link, linkTarget: 'a'}), record('t')]);
    const changes = [record('a', {mode: 0o100755}), record('b', {uid: 0}), record('t', link)];
    const now = listOf([...changes, record('l', {...link, linkTarget: 'b'})]);
    expect(compareFileLists(old, now).phrases).toEqual([
      'a has mode 644 → 755',
      'b has owner 1000:1000 → 0:1000',
      'l points elsewhere',
      't became another kind of file',
    ]);
  });

  it('tells of a file that became a directory, and the other way round, beside what is in it', () => {
    const file = listOf([record('src')]);
    const folder = listOf([directory, record('src/a')]);
    expect(compareFileLists(file, folder)).toEqual({
      phrases: ['src became another kind of file', 'src/a added'],
      files: 2,
    });
    expect(compareFileLists(folder, file)).toEqual({
      phrases: ['src became another kind of file', 'src/a removed'],
      files: 2,
    });
  });

  it('sees that a file was renamed', () => {
    const after = listOf([directory, record('src/a'), record('src/bb'), record('y')], {y: 'z'.length});
    expect(compareFileLists(before, after).phrases).toEqual(['z renamed to y']);
  });

  it('speaks of directories only when no file tells of them', () => {
    const bare = listOf([record('z')]);
    expect(compareFileLists(listOf([]), listOf([directory, record('src/a')])).phrases).toEqual([
      'src/a added',
    ]);
    expect(compareFileLists(bare, listOf([directory, record('z')])).phrases).toEqual(['src added']);
  });

  it('finds nothing between equal lists, and times are not in them', () => {
    const later = listOf([directory, record('src/a', {mtimeSeconds: 5}), record('src/bb'), record('z')]);
    expect(compareFileLists(before, later)).toEqual({phrases: [], files: 3});
  });
});
