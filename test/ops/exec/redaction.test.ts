// What is seen of values in a stream, in whatever pieces it comes.

import fc from 'fast-check';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {Redaction, shownStreams} from '../../../src/ops/exec/redaction.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Takes pieces, and gives what was shown of them so far. */
function stream(...secrets: (string | Uint8Array)[]) {
  const shown: Uint8Array[] = [];
  const redaction = Redaction.of(secrets.map((secret) => Buffer.from(secret)));
  const {onStdout, end} = shownStreams(redaction, (_, data) => shown.push(Uint8Array.from(data)));
  return {
    write: (...pieces: string[]) => {
      for (const piece of pieces) {
        const data = Buffer.from(piece, 'latin1');
        onStdout(data);
        // The caller uses its memory again.
        data.fill('-');
      }
    },
    end,
    shown: () => Buffer.concat(shown).toString('latin1'),
  };
}

function allOf(secrets: readonly (string | Uint8Array)[], ...pieces: string[]): string {
  const {write, end, shown} = stream(...secrets);
  write(...pieces);
  end();
  return shown();
}

describe('a value in what a step prints', () => {
  it.each([
    ['alone', 'hunter22', 'hunter22', '***'],
    ['among other bytes', 'hunter22', 'the \0\xff hunter22!\nhunter2', 'the \0\xff ***!\nhunter2'],
    ['again and again', 'hunter22', 'hunter22hunter22', '******'],
    ['that overlaps itself', 'abab', 'xababababx', 'x***x'],
    ['behind a beginning of it', 'aaab', 'aaaaaab', 'aaa***'],
    ['that ends in a newline', 'hunter22\n', 'hunter22', '***'],
    ['that ends in newlines of DOS', 'hunter22\r\n\r\n', 'hunter22\n', '***\n'],
    ['of four bytes', 'abcd', '-abcd-', '-***-'],
    ['of three bytes, which is too short', 'abc', '-abc-', '-abc-'],
    ['of nothing', '', 'all', 'all'],
  ])('is masked %s', (_, secret, output, shown) => {
    expect(allOf([secret], output)).toBe(shown);
    expect(allOf([secret], ...output)).toBe(shown);
  });

  it('of several lines is masked whole, and line by line where they are long enough', () => {
    const key = '-- BEGIN --\nAAAABBBBCCCC\nshort\n-- END --\n';
    expect(allOf([key], `a ${key}`)).toBe('a ***\n');
    expect(allOf([key], 'x AAAABBBBCCCC y\nshort\n-- END --\r\n')).toBe('x *** y\nshort\n***\r\n');
    expect(allOf(['first line\r\nsecond line\r\n'], 'second line\n')).toBe('***\n');
  });

  it('is masked beside others, the longest first, and what two have together once', () => {
    expect(allOf(['token', 'token-and-more'], 'token-and-more token-and-mo')).toBe('*** ***-and-mo');
    expect(allOf(['abcdef', 'defghi'], 'abcdefghi')).toBe('***');
    expect(allOf(['abcdef', 'defghi'], 'abcd', 'efg', 'hi', 'abcdefg')).toBe('******g');
  });

  it('is masked as well when it has no text', () => {
    const secret = Uint8Array.from([0, 255, 0, 255, 10, 13, 1]);
    expect(allOf([secret], `a${Buffer.from(secret).toString('latin1')}b`)).toBe('a***b');
  });
});

describe('however the output is cut', () => {
  const letters = fc.constantFrom('a', 'b', '\n');
  const textOf = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
    fc.string({unit: letters, minLength, maxLength});

  it('the same is shown', () => {
    const secrets = fc.array(textOf(0, 20), {minLength: 1, maxLength: 3});
    fc.assert(
      fc.property(secrets, fc.array(textOf(1, 12), {maxLength: 20}), (values, pieces) => {
        expect(allOf(values, ...pieces)).toBe(allOf(values, pieces.join('')));
      }),
    );
  });

  it('no byte of a value is left', () => {
    const words = fc.array(fc.constantFrom('sesame22', 'open', ' ', 'sesam', 'ame22', '\n'), {maxLength: 30});
    fc.assert(
      fc.property(words, fc.infiniteStream(fc.integer({min: 1, max: 9})), (all, lengths) => {
        const pieces: string[] = [];
        for (let rest = all.join(''); rest !== ''; ) {
          const length = lengths.next().value ?? 1;
          pieces.push(rest.slice(0, length));
          rest = rest.slice(length);
        }
        expect(allOf(['sesame22'], ...pieces)).toBe(all.join('').replaceAll('sesame22', '***'));
      }),
    );
  });

  it('a long value that comes byte by byte is found', () => {
    const secret = Array.from({length: 30_000}, (_, index) => index.toString(36)).join('');
    expect(allOf([secret], 'a', ...secret, 'b')).toBe('a***b');
    const nearly = secret.slice(0, -1);
    expect(allOf([secret], 'a', ...nearly, '!') === `a${nearly}!`).toBe(true);
  });
});

describe('a secret of half a megabyte that is nearly one byte', () => {
  const many = 'a'.repeat(500_000);

  it('is found, and not found, in output like it', () => {
    expect(allOf([`${many}b`], many, many, many, 'b')).toBe(`${'a'.repeat(1_000_000)}***`);
    expect(allOf([many], many, many, many, 'b')).toBe('***b');
    expect(allOf([`${many}b`], many, many, 'c') === `${many}${many}c`).toBe(true);
  });

  it('has lines that are nearly one', () => {
    const lines = Array.from({length: 2_000}, (_, index) => `${'a'.repeat(200)}${index}`).join('\n');
    const shown = allOf([lines], `${'a'.repeat(300_000)}17\n`);
    expect(shown).toBe(`${'a'.repeat(299_800)}***\n`);
  });
});

describe('what waits for more', () => {
  it('is only what may be the beginning of a value', () => {
    const {write, shown} = stream('hunter22');
    write('name: hunt');
    expect(shown()).toBe('name: ');
    write('ing');
    expect(shown()).toBe('name: hunting');
  });

  it('is shown after a while when it is short, and then no more of the value', () => {
    const {write, end, shown} = stream('hunter22');
    write('Say h');
    expect(shown()).toBe('Say ');
    vi.runAllTimers();
    expect(shown()).toBe('Say h');
    write('unter');
    vi.runAllTimers();
    expect(shown()).toBe('Say h');
    write('22 aloud');
    end();
    expect(shown()).toBe('Say h*** aloud');
  });

  it('is shown at the end', () => {
    expect(allOf(['hunter22'], 'say hunter2')).toBe('say hunter2');
  });

  it('does not hold up the other stream', () => {
    const shown: string[] = [];
    const redaction = Redaction.of([Buffer.from('hunter22')]);
    const streams = shownStreams(redaction, (stream, data) =>
      shown.push(`${stream} ${Buffer.from(data).toString()}`),
    );
    streams.onStdout(Buffer.from('hunter'));
    streams.onStderr(Buffer.from('22'));
    streams.onStdout(Buffer.from('22'));
    streams.end();
    expect(shown).toEqual(['stderr 22', 'stdout ***']);
  });
});

describe('a step without secrets', () => {
  it('has its output as it comes', () => {
    const data = Buffer.from('hunter22');
    const shown: Uint8Array[] = [];
    expect(Redaction.of([])).toBeUndefined();
    shownStreams(undefined, (_, bytes) => shown.push(bytes)).onStdout(data);
    expect(shown[0]).toBe(data);
  });
});
