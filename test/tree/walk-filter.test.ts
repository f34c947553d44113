import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {PatternMatcher} from '../../src/tree/pattern-matcher.ts';
import {keptEntries} from '../../src/tree/walk-filter.ts';
import {recordsOf} from './memory-tree.ts';

function kept(words: readonly string[], exclude: readonly string[], include?: readonly string[]): string[] {
  const entries = recordsOf(words).slice(1);
  const rules = {
    base: '.',
    include: include === undefined ? undefined : new PatternMatcher(include),
    exclude: new PatternMatcher(exclude),
  };
  return keptEntries(entries, rules).map(({path}) => path);
}

describe('keptEntries', () => {
  it('leaves out an ignored directory with everything in it', () => {
    expect(kept(['a/x', 'b/y'], ['a'])).toEqual(['b', 'b/y']);
  });

  it('brings an ignored directory back for what is taken back in it, and nothing else', () => {
    expect(kept(['a/b/c/d', 'a/b/x', 'a/y', 'a/e/'], ['a', '!a/b/c'])).toEqual([
      'a',
      'a/b',
      'a/b/c',
      'a/b/c/d',
    ]);
  });

  it('keeps no empty directory that is ignored', () => {
    expect(kept(['foo/bar/'], ['**/bar', '!foo/bar/baz'])).toEqual(['foo']);
  });

  it('takes only what an include pattern matches, with the directories on the way', () => {
    expect(kept(['x/a/f', 'x/b/g', 'y/f', 'z/'], [], ['*/a', 'y/*'])).toEqual([
      'x',
      'x/a',
      'x/a/f',
      'y',
      'y/f',
    ]);
  });

  it('drops what lies below a symlink', () => {
    const entries = [
      ...recordsOf(['a -> real', 'real/x']),
      ...recordsOf(['a/x']).filter(({path}) => path === 'a/x'),
    ];
    const sorted = ['a', 'a/x', 'real', 'real/x'].map((path) => entries.find((entry) => entry.path === path));
    const rules = {base: '.', include: undefined, exclude: undefined};
    const result = keptEntries(
      sorted.filter((entry) => entry !== undefined),
      rules,
    );
    expect(result.map(({path}) => path)).toEqual(['a', 'real', 'real/x']);
  });

  it('applies patterns relative to the base', () => {
    const entries = recordsOf(['src/a/x', 'src/b']).filter(({path}) => path.startsWith('src/'));
    const rules = {base: 'src', include: undefined, exclude: new PatternMatcher(['a'])};
    expect(keptEntries(entries, rules).map(({path}) => path)).toEqual(['src/b']);
  });

  // moby's corner: `!a` could not change the outcome for `a`, so it was not evaluated there and is not known below.
  it('does not take back below a directory what `!` did not have to take back there', () => {
    expect(kept(['a/b', 'a/c'], ['a/b', '!a'])).toEqual(['a', 'a/c']);
    expect(new PatternMatcher(['a/b', '!a']).matchesOrParentMatches('a/b')).toBe(false);
  });

  const word = fc.stringMatching(/^[ab](?:\/[ab]){0,3}$/);
  const text = fc.constantFrom('a', 'b', 'a/b', 'a/*', 'b/**', '**/a', '*', '**', 'a/b/a', '*/b');

  it('keeps a file if and only if nothing excludes it or a directory above it', () => {
    fc.assert(
      fc.property(fc.array(word, {maxLength: 8}), fc.array(text, {maxLength: 4}), (words, patterns) => {
        const matcher = new PatternMatcher(patterns);
        const all = recordsOf(words).slice(1);
        const expected = all.filter(({path}) => !matcher.matchesOrParentMatches(path));
        expect(kept(words, patterns)).toEqual(expected.map(({path}) => path));
      }),
      {numRuns: 1000},
    );
  });

  it('gives the same whether or not it looks into directories from which nothing can come back', () => {
    class NeverSure extends PatternMatcher {
      override mayTakeBackBelow(): boolean {
        return true;
      }
    }
    const rule = fc.tuple(fc.constantFrom('', '!'), text).map(([sign, pattern]) => sign + pattern);
    fc.assert(
      fc.property(fc.array(word, {maxLength: 8}), fc.array(rule, {maxLength: 4}), (words, patterns) => {
        const thorough = {base: '.', include: undefined, exclude: new NeverSure(patterns)};
        const expected = keptEntries(recordsOf(words).slice(1), thorough).map(({path}) => path);
        expect(kept(words, patterns)).toEqual(expected);
      }),
      {numRuns: 1000},
    );
  });
});
