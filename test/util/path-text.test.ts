import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {decodePathText, encodePathText, isPlainText} from '../../src/util/path-text.ts';

describe('path text', () => {
  it('is plain for UTF-8', () => {
    expect(decodePathText(Buffer.from('a/é/\u{1f600}'))).toBe('a/é/\u{1f600}');
    expect(isPlainText('a/é/\u{1f600}')).toBe(true);
  });

  it('keeps a real replacement character and a byte order mark', () => {
    expect(decodePathText(Buffer.from('\ufeffx\ufffd'))).toBe('\ufeffx\ufffd');
  });

  it('escapes a byte that is not UTF-8 as one character', () => {
    const text = decodePathText(Buffer.from([0x61, 0xff, 0x62]));
    expect(text).toBe('a\udcffb');
    expect(isPlainText(text)).toBe(false);
  });

  it('escapes each byte of an encoded surrogate and of an overlong form', () => {
    for (const bytes of [
      [0xed, 0xa0, 0x80],
      [0xc0, 0xaf],
      [0xe2, 0x98],
    ]) {
      const text = decodePathText(Buffer.from(bytes));
      expect(text).toHaveLength(bytes.length);
      expect([...encodePathText(text)]).toEqual(bytes);
    }
  });

  it('turns any bytes into text and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 20}), (bytes) => {
        expect([...encodePathText(decodePathText(Buffer.from(bytes)))]).toEqual([...bytes]);
      }),
      {numRuns: 500},
    );
  });
});
