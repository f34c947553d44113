import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {countLines, WholeLines} from '../../src/progress/whole-lines.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('WholeLines', () => {
  it('gives the same lines however the bytes are cut', () => {
    const piece = fc
      .uint8Array({maxLength: 20})
      .map((bytes) => bytes.map((byte) => (byte < 80 ? 0x0a : byte)));
    fc.assert(
      fc.property(fc.array(piece, {maxLength: 20}), (chunks) => {
        const lines = new WholeLines();
        const whole = text(Buffer.concat(chunks));
        const given = [...chunks.map((chunk) => lines.push(chunk)), lines.flush()].filter(
          ({length}) => length > 0,
        );
        for (const block of given) expect(text(block).endsWith('\n')).toBe(true);
        expect(given.map(text).join('')).toBe(whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`);
        expect(countLines(Buffer.concat(given))).toBe(given.map(text).join('').split('\n').length - 1);
      }),
    );
  });

  it('keeps nothing of the caller’s buffer', () => {
    const lines = new WholeLines();
    const buffer = Buffer.from('ab\ncd');
    const first = lines.push(buffer);
    buffer.fill(0x7a);
    expect([text(first), text(lines.push(Buffer.from('\n')))]).toEqual(['ab\n', 'cd\n']);
  });

  it('hands a line without end on in pieces', () => {
    const lines = new WholeLines();
    expect(lines.push(Buffer.alloc(600_000, 'x'))).toHaveLength(0);
    expect(lines.push(Buffer.alloc(600_000, 'x'))).toHaveLength(1_200_001);
    expect(lines.push(Buffer.alloc(600_000, 'x'))).toHaveLength(0);
    expect(lines.flush()).toHaveLength(600_001);
    expect(lines.flush()).toHaveLength(0);
  });
});
