// Frames byte by byte, as docs/formats/helper-protocol.md draws them.

import {describe, expect, it} from 'vitest';
import {decodeFields, encodeFrame, type Frame, FrameDecoder, frameTypes} from '../../src/helper/frames.ts';

const text = (bytes: string): Buffer => Buffer.from(bytes.replaceAll(' ', ''), 'hex');
const decode = (...pieces: Buffer[]): Frame[] => {
  const decoder = new FrameDecoder();
  return joined(pieces.flatMap((piece) => [...decoder.push(piece)]));
};
/** Output comes in pieces, as many as there were. */
function joined(pieces: readonly Frame[]): Frame[] {
  const whole: Frame[] = [];
  for (const piece of pieces) {
    const last = whole.at(-1);
    if (last?.type === frameTypes.stdout && last.id === piece.id && last.type === piece.type) {
      whole[whole.length - 1] = {...last, payload: Buffer.concat([last.payload, piece.payload])};
    } else whole.push(piece);
  }
  return whole;
}
const plain = (frames: readonly Frame[]): unknown[] =>
  frames.map(({id, type, payload}) => [id, type, payload.toString()]);

// A result, an empty data frame, and standard output, one after the other.
const stream = text(
  '07000000 01000000 20000000 657869743d3000' +
    '00000000 02000000 12000000' +
    '03000000 01020304 10000000 616263',
);
const frames = [
  [1, frameTypes.result, 'exit=0\0'],
  [2, frameTypes.data, ''],
  [0x04030201, frameTypes.stdout, 'abc'],
];

describe('encodeFrame', () => {
  it('writes length, id and type in little-endian, then the payload', () => {
    const request = encodeFrame(258, frameTypes.request, Buffer.from('scan\0root=/x\0'));
    expect(request.toString('hex')).toBe(
      text('0d000000 02010000 01000000 7363616e00 726f6f743d2f7800').toString('hex'),
    );
  });

  it('refuses what the helper would refuse', () => {
    expect(() => encodeFrame(1, frameTypes.request, Buffer.alloc(16 * 1024 * 1024 + 1))).toThrow();
  });
});

describe('FrameDecoder', () => {
  it('reads several frames out of one piece', () => {
    expect(plain(decode(stream))).toEqual(frames);
  });

  it('reads the same frames from any pieces', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(plain(decode(stream.subarray(0, cut), stream.subarray(cut)))).toEqual(frames);
    }
    expect(plain(decode(...Array.from(stream, (_, at) => stream.subarray(at, at + 1))))).toEqual(frames);
  });

  it('keeps an unfinished frame to itself', () => {
    expect(decode(stream.subarray(0, 11))).toEqual([]);
    expect(decode(stream.subarray(0, 18))).toEqual([]);
  });

  it('gives output as it comes, without a copy', () => {
    const decoder = new FrameDecoder();
    const whole = encodeFrame(1, frameTypes.stdout, Buffer.from('abcdef'));
    const [start, end] = [whole.subarray(0, 15), whole.subarray(15)];
    const pieces = [...decoder.push(start), ...decoder.push(end)].map(({payload}) => payload);
    expect(pieces.map(String)).toEqual(['abc', 'def']);
    expect(pieces.every(({buffer}) => buffer === whole.buffer)).toBe(true);
  });

  it('does not wait for a frame that can never come', () => {
    expect(() => decode(text('01000001 01000000 10000000'))).toThrow(/16777217/);
  });
});

describe('decodeFields', () => {
  it('splits at NUL and at the first equals sign', () => {
    const fields = decodeFields(Buffer.from('phase=exec\0errno=2\0path=\0message=a=b\0'));
    expect([...fields]).toEqual([
      ['phase', 'exec'],
      ['errno', '2'],
      ['path', ''],
      ['message', 'a=b'],
    ]);
  });

  it('passes over what is no field, and takes one whose end is missing', () => {
    const fields = decodeFields(Buffer.from('\0nothing\0=empty\0a=1\0\0b=ü'));
    expect([...fields]).toEqual([
      ['a', '1'],
      ['b', 'ü'],
    ]);
  });
});
