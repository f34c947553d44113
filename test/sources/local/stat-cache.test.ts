import {describe, expect, it} from 'vitest';
import {StatCache} from '../../../src/sources/local/stat-cache.ts';
import type {TreeRecord} from '../../../src/tree/record.ts';
import {record} from '../../tree/memory-tree.ts';

const digest = (fill: number) => new Uint8Array(32).fill(fill);
const ofInode = ({inode}: TreeRecord) => digest(inode);
const none = () => false;
const files = [
  record('a', {inode: 2 ** 45 + 1, size: 2 ** 33 + 5, mtimeSeconds: -7, ctimeSeconds: 2 ** 33}),
  record('d/é', {inode: 3, mtimeNanoseconds: 999_999_999}),
];
const stored = StatCache.empty.with(files, (file) => digest(files.indexOf(file) + 1), none);
const numbered = (names: readonly string[]) => names.map((name, index) => record(name, {inode: index}));
const cacheOf = (records: readonly TreeRecord[]) =>
  StatCache.decode(StatCache.empty.with(records, ofInode, none));

function firstByteOf(cache: StatCache, file: TreeRecord): number | undefined {
  const index = cache.indexOf(file);
  if (index < 0) return undefined;
  const bytes = new Uint8Array(32);
  cache.copyDigest(index, bytes);
  return bytes[0];
}

describe('StatCache', () => {
  it('knows a file that is exactly as it was', () => {
    const cache = StatCache.decode(stored);
    expect(cache.size).toBe(2);
    expect(files.map((file) => firstByteOf(cache, file))).toEqual([1, 2]);
  });

  it.each([
    {inode: 4},
    {size: 2},
    {mtimeSeconds: 1},
    {mtimeNanoseconds: 1},
    {ctimeSeconds: 1},
    {ctimeNanoseconds: 1},
    {path: 'd/e'},
  ])('does not know one with another %j', (change) => {
    expect(StatCache.decode(stored).indexOf(record('d/é', {...files[1], ...change}))).toBe(-1);
  });

  it('is as good in any order of questions', () => {
    const many = numbered(['f', 'f-', 'f0', 'f1', 'f2', 'g', 'h/a', 'h/b']);
    const cache = cacheOf(many);
    for (const file of [...many, ...[...many].reverse()]) expect(firstByteOf(cache, file)).toBe(file.inode);
    expect(cache.indexOf(record('f3', {inode: 0}))).toBe(-1);
    expect(cache.indexOf(record('z', {inode: 0}))).toBe(-1);
  });

  it('keeps what it is told to keep, in order', () => {
    const cache = StatCache.decode(stored);
    const added = record('b', {inode: 9});
    const next = StatCache.decode(cache.with([added], ofInode, (path) => path !== 'a'));
    expect(next.size).toBe(2);
    expect(firstByteOf(next, added)).toBe(9);
    expect(firstByteOf(next, record('d/é', files[1]))).toBe(2);
    expect(firstByteOf(next, record('a', files[0]))).toBeUndefined();
  });

  it('copies entries by index, in runs or one by one', () => {
    const many = numbered(['f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8']);
    const changed = record('f4', {inode: 44});
    const next = StatCache.decode(cacheOf(many).with([0, 1, 3, changed, 5, 7, 8], ofInode, none));
    expect(many.map((file) => firstByteOf(next, file))).toEqual([
      ...[0, 1, undefined, 3, undefined, 5, undefined, 7, 8],
    ]);
    expect(firstByteOf(next, changed)).toBe(44);
  });

  it('is empty when the bytes are not whole, of another version, or nothing at all', () => {
    expect(StatCache.decode(undefined).size).toBe(0);
    expect(StatCache.decode(stored.subarray(0, -1)).size).toBe(0);
    expect(StatCache.decode(new Uint8Array(100)).size).toBe(0);
    for (const at of [0, 8, 12, 40, stored.length - 1]) {
      const broken = Uint8Array.from(stored);
      broken[at] = (broken[at] ?? 0) ^ 1;
      expect(StatCache.decode(broken).size, `byte ${at}`).toBe(0);
    }
    expect(StatCache.decode(StatCache.empty.with([], ofInode, none)).size).toBe(0);
  });
});
