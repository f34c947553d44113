import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {prunableNamesOf, prunableOf, reachableRoots} from '../../src/tree/ignore-reach.ts';
import {PatternMatcher} from '../../src/tree/pattern-matcher.ts';
import {isWithin, Tree} from '../../src/tree/tree.ts';
import {scanOf, treeOf} from './memory-tree.ts';

const prunable = (...patterns: string[]) => prunableOf(new PatternMatcher(patterns));
const reachable = (roots: readonly string[], ...patterns: string[]) =>
  reachableRoots(new PatternMatcher(patterns), roots);

describe('prunableOf', () => {
  it('has ignored names, and directories whose entries all are', () => {
    expect(prunable('.git', 'a/b', 'c/**', 'd/*', '*.md', '**/x')).toEqual(['.git', 'a/b', 'c', 'd']);
  });

  it('has nothing from which a rule can take back', () => {
    expect(prunable('a', 'b', 'c/**', '!a/x', '!c')).toEqual(['b']);
    expect(prunable('a', '!*.md')).toEqual([]);
    // What was not ignored at `x` is not taken back below it (see walk-filter.test.ts).
    expect(prunable('x/y/**', '!x')).toEqual(['x/y']);
    expect(prunable('a', '!a')).toEqual([]);
    expect(prunable('*', 'b/c', '!b/**', '*')).toEqual([]);
  });
});

describe('prunableNamesOf', () => {
  it('has names that are ignored everywhere, unless something is taken back', () => {
    const names = (...patterns: string[]) => prunableNamesOf(new PatternMatcher(patterns));
    expect(names('**/node_modules', '**/*.log', '**/a/b', 'c', '**/.git')).toEqual(['node_modules', '.git']);
    expect(names('**/node_modules', '!x')).toEqual([]);
  });
});

describe('reachableRoots', () => {
  it('is everything without an allow list', () => {
    expect(reachable(['.'], 'a')).toEqual(['.']);
  });

  it('is the allowed places of an allow list', () => {
    expect(reachable(['.'], '*', '!src', '!package.json')).toEqual(['src', 'package.json']);
    expect(reachable(['.'], '**', '!src/**/x', '!a/b/*.c')).toEqual(['src', 'a/b']);
    expect(reachable(['src/lib', 'doc'], '*', '!src')).toEqual(['src/lib']);
    expect(reachable(['.'], '*')).toEqual([]);
  });

  it('is everything when a place of an allow list cannot be read off', () => {
    expect(reachable(['.'], '*', '!*.md')).toEqual(['.']);
    expect(reachable(['.'], '*', '!a/b|c*')).toEqual(['.']);
  });

  it('is everything when the star is not the first rule, since moby then does not evaluate it everywhere', () => {
    expect(reachable(['.'], 'a', '!a/*', '*')).toEqual(['.']);
    expect(reachable(['.'], '!x', '*', '!y')).toEqual(['y']);
  });

  it('leaves out what lies in an ignored directory', () => {
    expect(reachable(['node_modules/x', 'src'], 'node_modules')).toEqual(['src']);
  });
});

describe('a scan that uses both', () => {
  it('keeps exactly what a whole scan keeps', () => {
    const word = fc.stringMatching(/^[ab](?:\/[abc]){0,3}$/);
    const text = fc.constantFrom(
      'a',
      'b',
      'a/b',
      'a/*',
      'b/**',
      '**/a',
      '*',
      '**',
      'a/b/a',
      '*/b',
      'b/c',
      '**/*',
    );
    const rule = fc.tuple(fc.constantFrom('', '!'), text).map(([sign, pattern]) => sign + pattern);
    fc.assert(
      fc.property(fc.array(word, {maxLength: 10}), fc.array(rule, {maxLength: 5}), (words, patterns) => {
        const matcher = new PatternMatcher(patterns);
        const whole = treeOf(words, matcher);
        const walked = reachableRoots(matcher, ['.']);
        const pruned = prunableOf(matcher);
        const names = prunableNamesOf(matcher);
        const records = scanOf(words, walked).filter(
          ({path}) =>
            !pruned.some((directory) => path !== directory && isWithin(path, directory)) &&
            !path
              .split('/')
              .slice(0, -1)
              .some((name) => names.includes(name)),
        );
        const partial = new Tree([{asked: ['.'], walked, pruned, records}], matcher);
        const paths = (tree: Tree) => tree.below('.').map(({path}) => path);
        expect(paths(partial)).toEqual(paths(whole));
        // Whoever copies a directory as a whole must not get what a whole scan would have left out.
        for (const {path} of partial.below('.')) {
          const isWhole = partial.countBelow(path) === partial.below(path).length;
          if (isWhole) expect(whole.countBelow(path)).toBe(whole.below(path).length);
        }
      }),
      {numRuns: 1500},
    );
  });
});
