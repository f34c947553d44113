import {describe, expect, it} from 'vitest';
import {isoTime} from '../../src/util/iso-time.ts';

describe('isoTime', () => {
  it('writes what toISOString writes', () => {
    const times = [
      0, 1, 999, -1, 951_782_399_999, 1_795_980_236_033, -62_167_219_200_000, 253_402_300_799_999,
    ];
    for (const time of times) expect(isoTime(time)).toBe(new Date(time).toISOString());
  });

  it('leaves years of other lengths, and no time at all, to it', () => {
    for (const time of [-62_167_219_200_001, 253_402_300_800_000]) {
      expect(isoTime(time)).toBe(new Date(time).toISOString());
    }
    expect(() => isoTime(Number.NaN)).toThrow(RangeError);
  });
});
