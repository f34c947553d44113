import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {LineSplitter} from '../../src/progress/line-splitter.ts';

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const piece = fc
      .uint8Array({maxLength: 20})
      .map((bytes) => bytes.map((byte) => (byte < 80 ? 0x0a : byte)));
    fc.assert(
      fc.property(fc.array(piece, {maxLength: 20}), (chunks) => {
        const splitter = new LineSplitter();
        const lines = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.flush()];
        const whole = Buffer.concat(chunks);
        const expected = whole.length === 0 ? [] : whole.toString('latin1').split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(lines.map((line) => Buffer.from(line).toString('latin1'))).toEqual(expected);
      }),
    );
  });

  it('keeps nothing of the caller’s buffer', () => {
    const splitter = new LineSplitter();
    const buffer = Buffer.from('ab');
    splitter.push(buffer);
    buffer.fill(0x7a);
    expect(Buffer.from(splitter.push(Buffer.from('\n'))[0] ?? []).toString()).toBe('ab');
  });

  it('hands a line without end on in pieces', () => {
    const splitter = new LineSplitter();
    const pieces = splitter.push(Buffer.alloc(200_000, 'x'));
    expect(pieces.map((piece) => piece.length)).toEqual([65_536, 65_536, 65_536]);
    expect(splitter.flush().map((piece) => piece.length)).toEqual([3_392]);
  });
});
