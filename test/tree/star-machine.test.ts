import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {mobyExpressionOf} from '../../src/tree/ignore-regexp.ts';
import {PatternMatcher} from '../../src/tree/pattern-matcher.ts';
import {starMachineOf} from '../../src/tree/star-machine.ts';

describe('starMachineOf', () => {
  it('leaves patterns with few stars, and those with an expression in them, to the regular expression', () => {
    expect(
      ['*.md', '**/*.md', '*/*/*', '[*]****', 'a|*****', '\\*****'].map((each) => starMachineOf(each)),
    ).toEqual(Array(6).fill(undefined));
  });

  it('agrees with the regular expression that docker makes', () => {
    const pattern = fc.array(fc.constantFrom('*', '**', '**/', '/', 'a', 'b', '?', '.'), {maxLength: 9});
    const path = fc.array(fc.constantFrom('a', 'b', '/', '.', '\n'), {maxLength: 9});
    fc.assert(
      fc.property(pattern, path, (parts, characters) => {
        const text = `****${parts.join('')}`;
        const [written, name] = [text, characters.join('')];
        const expected = new RegExp(mobyExpressionOf(written)).test(name);
        expect(starMachineOf(written)?.(name), `${written} ${name}`).toBe(expected);
      }),
      {numRuns: 3000},
    );
  });

  it('takes little time where a regular expression takes years', () => {
    const path = 'a'.repeat(4000);
    expect(new PatternMatcher([`${'*a'.repeat(30)}b`]).matchesOrParentMatches(path)).toBe(false);
    expect(new PatternMatcher([`${'**/a/'.repeat(30)}b`]).matchesOrParentMatches('a/'.repeat(500))).toBe(
      false,
    );
  });
});
