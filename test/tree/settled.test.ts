import {describe, expect, it} from 'vitest';
import {isSettled} from '../../src/tree/settled.ts';
import {record} from './memory-tree.ts';

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
