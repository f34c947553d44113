import {describe, expect, it} from 'vitest';
import {sourcePatternsOf, walkRootsOf} from '../../src/tree/copy-pattern.ts';
import {hasWildcards, splitAtWildcards} from '../../src/tree/wildcards.ts';

const copy = (paths: readonly string[], parents = false) => ({
  sources: paths.map((path) => ({path, wildcard: hasWildcards(path)})),
  parents,
  excludes: [],
});

describe('wildcards', () => {
  it('are unescaped stars, question marks and brackets', () => {
    expect(['a*', 'a?', '[a]', 'a\\*', 'a]', 'a\\', '\\\\*', '\\[*'].map(hasWildcards)).toEqual([
      ...[true, true, true, false, false, false, true, true],
    ]);
  });

  it('split a source at the first component that has one', () => {
    expect(splitAtWildcards('/a/b*/c')).toEqual({prefix: 'a', pattern: 'b*/c'});
    expect(splitAtWildcards('*')).toEqual({prefix: '.', pattern: '*'});
    expect(splitAtWildcards('../a/./b/')).toEqual({prefix: 'a/b', pattern: ''});
  });
});

describe('sourcePatternsOf', () => {
  it('requires a literal source, not a pattern', () => {
    expect(sourcePatternsOf(copy(['/a/', 'b*']))).toEqual([
      {prefix: 'a', pattern: '', required: 'a'},
      {prefix: '.', pattern: 'b*'},
    ]);
  });

  it('takes a source literally when it is not to be a pattern', () => {
    const [source] = sourcePatternsOf({
      sources: [{path: 'a*', wildcard: false}],
      parents: false,
      excludes: [],
    });
    expect(source).toEqual({prefix: 'a*', pattern: '', required: 'a*'});
  });

  it('splits --parents at the first pivot', () => {
    expect(sourcePatternsOf(copy(['./x/./y/./z', 'x/*.c', '../q/'], true))).toEqual([
      {prefix: 'x', pattern: '', include: 'y/z', required: 'x/y/z'},
      {prefix: '.', pattern: '', include: 'x/*.c'},
      {prefix: '.', pattern: '', include: 'q', required: 'q'},
    ]);
  });
});

describe('walkRootsOf', () => {
  it('gives the literal starts, none within another', () => {
    expect(walkRootsOf(copy(['src/a', 'src/*.c', 'lib/x', 'lib/x/y']))).toEqual(['src', 'lib/x']);
    expect(walkRootsOf(copy(['.', 'a']))).toEqual(['.']);
  });

  it('uses the literal start of a --parents pattern', () => {
    expect(walkRootsOf(copy(['./a/./b/**/c', 'd/e', 'f/x\\[1/g'], true))).toEqual(['a/b', 'd/e', 'f']);
    expect(walkRootsOf(copy(['a*/./b'], true))).toEqual(['.']);
  });
});
