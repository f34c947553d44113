import {describe, expect, it} from 'vitest';
import {firstDifference} from '../../src/image/first-difference.ts';

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe('firstDifference', () => {
  it('finds the byte, however the streams are cut', async () => {
    expect(await firstDifference(pieces('ab', 'cd', 'e'), pieces('abc', '', 'xe'))).toEqual({
      offset: 3,
      bytes: [0x64, 0x78],
    });
  });

  it('finds the end of the shorter one', async () => {
    expect(await firstDifference(pieces('abc'), pieces('ab'))).toEqual({offset: 2, bytes: [0x63, undefined]});
    expect(await firstDifference(pieces(), pieces('', 'a'))).toEqual({offset: 0, bytes: [undefined, 0x61]});
  });

  it('finds nothing in equal streams', async () => {
    expect(await firstDifference(pieces('a', 'bc'), pieces('ab', 'c'))).toBeUndefined();
    expect(await firstDifference(pieces(), pieces(''))).toBeUndefined();
  });
});
