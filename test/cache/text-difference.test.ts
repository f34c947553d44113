import {describe, expect, it} from 'vitest';
import {changeText, firstLineChanged, quotedChange} from '../../src/cache/text-difference.ts';

const long = 'apt-get install --yes --no-install-recommends git curl ';

describe('a change', () => {
  it.each([
    ['a1', 'b2', 'a1 → b2'],
    [undefined, '', 'unset → ""'],
    [['sh', '-c'], ['bash', '-c'], '["sh","-c"] → ["bash","-c"]'],
    ['two\nlines', 'one', 'two lines → one'],
  ])('of %j to %j is both of them', (before, after, text) => {
    expect(changeText(before, after)).toBe(text);
  });

  it('of a long text is what is around the difference', () => {
    const text = quotedChange(`${long}make`, `${long}cmake ${long}`);
    expect(text).toBe('"…ds git curl make" → "…ds git curl cmake apt-get install --ye…"');
  });

  it('of blanks is said, since it cannot be seen', () => {
    expect(quotedChange('a  b', 'a b')).toBe('differs in its blanks only');
  });

  it('has the line at which it begins', () => {
    expect(firstLineChanged('a\nb\nc', 'a\nb\nd')).toBe(3);
    expect(firstLineChanged('a', 'b')).toBe(1);
  });
});
