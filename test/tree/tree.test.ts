import {describe, expect, it} from 'vitest';
import {PatternMatcher} from '../../src/tree/pattern-matcher.ts';
import {Tree} from '../../src/tree/tree.ts';
import {recordsOf, scanOf, treeOf} from './memory-tree.ts';

const words = ['a/x', 'a/y/z', 'a-b', 'b/c/d', 'b/e'];

describe('Tree', () => {
  it('finds records and ranges', () => {
    const tree = treeOf(words);
    expect(tree.at('a/y')?.path).toBe('a/y');
    expect(tree.at('a/n')).toBeUndefined();
    expect(tree.below('a').map(({path}) => path)).toEqual(['a/x', 'a/y', 'a/y/z']);
    expect(tree.below('.')).toHaveLength(9);
    expect(tree.below('a-b')).toEqual([]);
    expect(tree.countBelow('a')).toBe(3);
    expect(tree.countBelow('.')).toBe(9);
  });

  it('counts ignored entries but does not show them, and says what was ignored', () => {
    const tree = treeOf(words, new PatternMatcher(['a/y', 'b/c']));
    expect(tree.below('a').map(({path}) => path)).toEqual(['a/x']);
    expect(tree.countBelow('a')).toBe(3);
    expect(tree.ignoredPartOf('a/y/z')).toBe('a/y');
    expect(tree.ignoredPartOf('a/x')).toBeUndefined();
    expect(tree.ignoredPartOf('nothing')).toBeUndefined();
  });

  it('knows what it cannot know', () => {
    const tree = new Tree([{asked: ['b/c'], walked: ['b/c'], pruned: [], records: scanOf(words, ['b/c'])}]);
    expect(['b/c', 'b/c/d', 'b', '.', 'b/e', 'a'].map((path) => tree.covers(path))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(['b/c', 'b/c/d', 'b'].map((path) => tree.coversBelow(path))).toEqual([true, true, false]);
    expect(tree.countBelow('b')).toBe(Number.POSITIVE_INFINITY);
  });

  it('counts no directory as whole in which another was not looked into', () => {
    const records = scanOf(['a/x', 'a/y/', 'b'], ['.']);
    const tree = new Tree([{asked: ['.'], walked: ['.'], pruned: ['a/y', 'gone'], records}]);
    expect(tree.countBelow('a')).toBe(Number.POSITIVE_INFINITY);
    expect(tree.countBelow('a/x')).toBe(0);
  });

  it('drops what a scan gave under the name of a symlink', () => {
    const records = [...recordsOf(['l -> real']), ...recordsOf(['l/x'])].filter(({path, linkTarget}) =>
      path === 'l' ? linkTarget !== '' : path === 'l/x',
    );
    const tree = new Tree([{asked: ['l/x'], walked: ['l/x'], pruned: [], records}]);
    expect(tree.kept).toHaveLength(1);
    expect(tree.ignoredPartOf('l/x')).toBeUndefined();
  });

  it('joins scans without doubles, in order', () => {
    const scans = [['b/c'], ['a/y'], ['b']].map((roots) => ({
      asked: roots,
      walked: roots,
      pruned: [],
      records: scanOf(words, roots),
    }));
    const tree = new Tree(scans);
    expect(tree.kept.map(({path}) => path)).toEqual([...['a', 'a/y', 'a/y/z', 'b', 'b/c', 'b/c/d', 'b/e']]);
  });
});
