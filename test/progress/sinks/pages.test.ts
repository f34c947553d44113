// What is put together in pages is what went in, whatever the pages' borders fall on.

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {Pages} from '../../../src/progress/sinks/pages.ts';

/** Pages whose writer is done with them at once, as a pipe that is read is. */
function pages() {
  const written: Buffer[] = [];
  const made = new Pages((data, done) => {
    written.push(Buffer.from(data));
    done?.();
  });
  const all = (): string => {
    made.flush();
    return Buffer.concat(written).toString('latin1');
  };
  return {made, written, all};
}

function prefixed(prefix: string, lines: string): string {
  return lines.replaceAll(/[^\n]*\n/g, (line) => prefix + line);
}

describe('Pages', () => {
  it.each([1, 2, 3, 4, 5, 9, 80, 159, 160, 161, 1000, 70_000, 262_144, 600_000])(
    'puts the prefix before each line of %i bytes',
    (length) => {
      const {made, written, all} = pages();
      const line = `${'é\xff'.repeat(length).slice(0, length - 1)}\n`;
      const lines = line.repeat(Math.ceil(700_000 / length));
      made.lines('#1 0.123 ', Buffer.from(lines, 'latin1'));
      expect(all() === prefixed('#1 0.123 ', lines)).toBe(true);
      for (const {length: size} of written) expect(size).toBeLessThanOrEqual(256 * 1024);
    },
  );

  it('changes nothing of lines of any bytes', () => {
    const bytes = fc
      .uint8Array({maxLength: 300})
      .map((some) => some.map((byte) => (byte < 60 ? 0x0a : byte)));
    fc.assert(
      fc.property(fc.array(bytes, {maxLength: 5}), (blocks) => {
        const {made, all} = pages();
        const texts = blocks.map((block) => `${Buffer.from(block).toString('latin1')}\n`);
        // Anywhere in a larger buffer, as what is read is.
        for (const text of texts) made.lines('#7 ', Buffer.from(`x${text}`, 'latin1').subarray(1));
        expect(all()).toBe(texts.map((text) => prefixed('#7 ', text)).join(''));
      }),
    );
  });

  it('keeps texts, bytes and lines in their order', () => {
    const {made, all} = pages();
    made.text('é\n');
    made.bytes(Buffer.alloc(300_000, 'b'));
    made.latin1('c'.repeat(200_000));
    made.lines('d ', Buffer.from('1\n2\n'));
    expect(all()).toBe(`\xc3\xa9\n${'b'.repeat(300_000)}${'c'.repeat(200_000)}d 1\nd 2\n`);
  });

  it('leaves a page alone until its writer is done with it', () => {
    const waiting: (() => void)[] = [];
    const written: Uint8Array[] = [];
    const made = new Pages((data, done = () => {}) => {
      written.push(data as Uint8Array);
      waiting.push(done);
    });
    const say = (text: string): void => {
      made.text(text);
      made.flush();
    };
    say('one');
    say('two');
    expect(written.map((data) => Buffer.from(data).toString())).toEqual(['one', 'two']);
    waiting[0]?.();
    say('six');
    expect(written.map((data) => Buffer.from(data).toString())).toEqual(['six', 'two', 'six']);
  });
});
