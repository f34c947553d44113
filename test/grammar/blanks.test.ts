import {describe, expect, it} from 'vitest';
import {isBlank, trim, trimEnd, trimStart} from '../../grammar/blanks.ts';

describe('blanks', () => {
  it('are what Go calls space, not what JavaScript does', () => {
    const blanks = ['\t', '\n', '\v', '\f', '\r', ' ', '\u0085', '\u00a0', '\u2003', '\u3000'];
    expect(blanks.filter((character) => !isBlank(character))).toEqual([]);
    expect(['a', '\ufeff', '\u200b', '#'].filter(isBlank)).toEqual([]);
  });

  it('are trimmed at both ends', () => {
    expect(trimStart('\u00a0 a b ')).toBe('a b ');
    expect(trimEnd(' a b\u3000\t ')).toBe(' a b');
    expect(trim(' \ufeffa ')).toBe('\ufeffa');
    expect(trim('   ')).toBe('');
  });
});
