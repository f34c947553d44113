import {describe, expect, it} from 'vitest';
import {isSettled, StatCache} from '../../../src/sources/local/stat-cache.ts';
import {record} from '../../tree/memory-tree.ts';

const digest = (fill: number) => new Uint8Array(32).fill(fill);
const files = [
  record('a', {inode: 2 ** 45 + 1, size: 2 ** 33 + 5, mtimeSeconds: -7, ctimeSeconds: 2 ** 33}),
  record('d/é', {inode: 3, mtimeNanoseconds: 999_999_999}),
];
const entries = files.map((file, index) => ({record: file, digest: digest(index + 1)}));
const none = () => false;
const stored = StatCache.empty.with(entries, none);

describe('StatCache', () => {
  it('knows a file that is exactly as it was', () => {
    const cache = StatCache.decode(stored);
    expect(cache.size).toBe(2);
    expect(files.map((file) => cache.digestOf(file)?.[0])).toEqual([1, 2]);
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
    expect(StatCache.decode(stored).digestOf(record('d/é', {...files[1], ...change}))).toBeUndefined();
  });

  it('keeps what is not replaced', () => {
    const cache = StatCache.decode(stored);
    const next = StatCache.decode(
      cache.with([{record: record('new', {inode: 9}), digest: digest(9)}], (path) => path === 'a'),
    );
    expect(next.size).toBe(2);
    expect(next.digestOf(record('new', {inode: 9}))?.[0]).toBe(9);
    expect(next.digestOf(record('d/é', files[1]))?.[0]).toBe(2);
    expect(next.digestOf(record('a', files[0]))).toBeUndefined();
  });

  it('holds no path that text cannot hold', () => {
    const odd = {record: record('x\udcff'), digest: digest(1)};
    expect(StatCache.decode(StatCache.empty.with([odd], none)).size).toBe(0);
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
    expect(StatCache.decode(StatCache.empty.with([], none)).size).toBe(0);
  });
});

describe('isSettled', () => {
  const changed = record('a', {ctimeSeconds: 100, ctimeNanoseconds: 500_000_000});

  it('holds when a later change must show', () => {
    expect(isSettled(changed, 100_509)).toBe(false);
    expect(isSettled(changed, 100_510)).toBe(true);
  });

  it('takes two seconds where times have no nanoseconds', () => {
    const coarse = record('a', {ctimeSeconds: 100, ctimeNanoseconds: 0});
    expect(isSettled(coarse, 101_999)).toBe(false);
    expect(isSettled(coarse, 102_000)).toBe(true);
  });
});
