import {afterEach, beforeEach, expect, it, vi} from 'vitest';
import {Later} from '../../src/util/later.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('what nobody waits for is done a little later, in its order, whatever fails', () => {
  const later = new Later();
  const done: string[] = [];
  later.add(() => done.push('a'));
  later.add(() => {
    throw new Error('the disk is full');
  });
  later.add(() => done.push('b'));
  expect(done).toEqual([]);
  vi.runAllTimers();
  expect(done).toEqual(['a', 'b']);
  later.add(() => done.push('c'));
  vi.runAllTimers();
  expect(done).toEqual(['a', 'b', 'c']);
});

it('what is left is done before the end, once', () => {
  const later = new Later();
  let count = 0;
  later.add(() => count++);
  later.flush();
  vi.runAllTimers();
  expect(count).toBe(1);
});
