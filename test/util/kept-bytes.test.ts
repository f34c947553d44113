// What is kept of a larger buffer keeps no more of it alive than it is worth.

import {expect, it} from 'vitest';
import {keptBytes} from '../../src/util/kept-bytes.ts';

const buffer = Buffer.from(new ArrayBuffer(1000)).fill('abcdefghij');

it('most of a buffer is kept as it is', () => {
  expect(keptBytes(buffer)).toBe(buffer);
  expect(keptBytes(buffer.subarray(700)).buffer).toBe(buffer.buffer);
});

it('a little of a buffer is copied out of it', () => {
  const kept = keptBytes(buffer.subarray(10, 20));
  expect(Buffer.from(kept).toString()).toBe('abcdefghij');
  expect(kept.buffer.byteLength).toBe(10);
});

it('many little pieces hold no more than four times their bytes', () => {
  const held = new Set<ArrayBufferLike>();
  let keptLength = 0;
  for (const length of [1, 10, 100, 249, 250, 999, 1000]) {
    const kept = keptBytes(Buffer.from(new ArrayBuffer(1000)).subarray(0, length));
    held.add(kept.buffer);
    keptLength += kept.length;
  }
  const heldLength = [...held].reduce((sum, {byteLength}) => sum + byteLength, 0);
  expect(heldLength).toBeLessThanOrEqual(4 * keptLength);
});
