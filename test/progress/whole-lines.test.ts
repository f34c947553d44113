import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {countLines, WholeLines} from '../../src/progress/whole-lines.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** What is given for each chunk, and at the end. */
function given(chunks: readonly Uint8Array[], lines = new WholeLines()): string[][] {
  const blocks: string[][] = [];
  const gather = (give: (take: (bytes: Uint8Array) => void) => void): void => {
    const some: string[] = [];
    give((bytes) => void some.push(text(bytes)));
    blocks.push(some);
  };
  for (const chunk of chunks) {
    // The caller uses its memory again.
    const borrowed = Uint8Array.from(chunk);
    gather((take) => lines.push(borrowed, take));
    borrowed.fill(0x7a);
  }
  gather((take) => lines.flush(take));
  return blocks;
}

describe('WholeLines', () => {
  it('gives the same lines however the bytes are cut', () => {
    const piece = fc
      .uint8Array({maxLength: 20})
      .map((bytes) => bytes.map((byte) => (byte < 80 ? 0x0a : byte)));
    fc.assert(
      fc.property(fc.array(piece, {maxLength: 20}), (chunks) => {
        const whole = text(Buffer.concat(chunks));
        const blocks = given(chunks);
        for (const some of blocks) expect(some.length).toBeLessThanOrEqual(2);
        for (const block of blocks.flat()) expect(block.endsWith('\n')).toBe(true);
        const all = blocks.flat().join('');
        expect(all).toBe(whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`);
        expect(countLines(Buffer.from(all, 'latin1'))).toBe(all.split('\n').length - 1);
      }),
    );
  });

  it('gives lines where they are, but for one that began before', () => {
    const lines = new WholeLines();
    const [one, two] = [Buffer.from('ab\ncd'), Buffer.from('ef\ngh\nij\n')];
    const buffers: [string, boolean][] = [];
    const take = (bytes: Uint8Array): void =>
      void buffers.push([text(bytes), bytes.buffer === one.buffer && bytes !== one]);
    lines.push(one, take);
    lines.push(two, take);
    expect(buffers).toEqual([
      ['ab\n', true],
      ['cdef\n', false],
      ['gh\nij\n', true],
    ]);
  });

  it('hands a line without end on in pieces', () => {
    const piece = Buffer.alloc(600_000, 'x');
    const lengths = given([piece, piece, piece]).map((some) => some.map(({length}) => length));
    expect(lengths).toEqual([[], [1_200_001], [], [600_001]]);
  });

  it('puts a line of any length together where it is told to', () => {
    const piece = Buffer.alloc(600_000, 'x');
    const blocks = given([piece, piece, piece], new WholeLines(Number.POSITIVE_INFINITY));
    expect(blocks.flat().map(({length}) => length)).toEqual([1_800_001]);
  });
});
