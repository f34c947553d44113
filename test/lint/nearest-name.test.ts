import {describe, expect, it} from 'vitest';
import {nearestName} from '../../src/lint/nearest-name.ts';

describe('nearestName', () => {
  it.each([
    ['PAHT', ['HOME', 'PATH'], 'PATH'],
    ['foo', ['bar'], undefined],
    ['ab', ['b', 'a'], 'b'],
    ['path', ['PATH'], undefined],
    ['', ['A', 'BC'], 'A'],
    ['SAME', ['SOME', 'SAME'], undefined],
  ])('takes %s among %j for %s', (wanted, names, expected) => {
    expect(nearestName(wanted, names)).toBe(expected);
  });
});
