import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  BadPatternError,
  base,
  clampToRoot,
  clean,
  compileMatch,
  dir,
  join,
  match,
  trimSpace,
} from '../../src/util/go-path.ts';

describe('clean', () => {
  it.each([
    ['', '.'],
    ['/', '/'],
    ['//', '/'],
    ['a/', 'a'],
    ['./a//b/./c/', 'a/b/c'],
    ['a/../b', 'b'],
    ['a/..', '.'],
    ['../a', '../a'],
    ['../../a/../b', '../../b'],
    ['/../a', '/a'],
    ['/a/../../b', '/b'],
    ['...', '...'],
    ['!a/../b', 'b'],
  ])('of %j is %j', (path, expected) => {
    expect(clean(path)).toBe(expected);
  });

  it('is idempotent and never leaves an empty or dot component', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab./]{0,12}$/), (path) => {
        const once = clean(path);
        expect(clean(once)).toBe(once);
        expect(once === '.' || once === '/' || !/(?:^|\/)\.?(?:\/|$)/.test(once.replace(/^\//, ''))).toBe(
          true,
        );
      }),
    );
  });
});

describe('the other path functions', () => {
  it('base gives the last element', () => {
    expect(['', '/', '//', 'a/b', 'a/b//', '.'].map(base)).toEqual(['.', '/', '/', 'b', 'b', '.']);
  });

  it('dir gives all but the last element', () => {
    expect(['', 'a', '/a', 'a/b', 'a/b/', '/'].map(dir)).toEqual(['.', '.', '/', 'a', 'a/b', '/']);
  });

  it('join leaves empty elements out and cleans the rest', () => {
    expect(join('a', '', '../b')).toBe('b');
    expect(join('', '')).toBe('');
    expect(join('.', 'a')).toBe('a');
  });

  it('clampToRoot never leaves the root', () => {
    expect(['/', '', '../../a', '/a/../../b/', './'].map(clampToRoot)).toEqual(['.', '.', 'a', 'b', '.']);
  });

  it('trimSpace trims what Go calls space, which is not what JavaScript does', () => {
    expect(trimSpace('\u0085\u3000 a b \v\u00a0\r\n')).toBe('a b');
    expect(trimSpace('\ufeffa')).toBe('\ufeffa');
  });
});

describe('match', () => {
  it.each([
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*', '', true],
    ['*', 'a/b', false],
    ['*c', 'abc', true],
    ['a*', 'ab/c', false],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c/f', 'axbxxcx/c/f', false],
    ['a*b*c*/f', 'axbxxcx/f', true],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['ab[c]', 'abc', true],
    ['ab[^b-d]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['[!a]', '!', true],
    ['[!a]', 'b', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['a?b', 'a\u263ab', true],
    ['a[^a]b', 'a\u{1f600}b', true],
    ['a?b', 'a/b', false],
    ['a[^a]b', 'a/b', true],
    ['[a-\u03b6]*', '\u03b1', true],
    ['[\\]a]', ']', true],
    ['[\\-x]', '-', true],
    ['[x\\-]', 'y', false],
    ['[z-a]', 'm', false],
    ['[[]x]', '[x]', true],
    ['', '', true],
    ['', 'a', false],
    ['x*', 'xxx', true],
  ])('%j on %j is %j', (pattern, name, expected) => {
    expect(match(pattern, name)).toBe(expected);
  });

  it.each(['[]a]', '[-]', '[x-]', '[-x]', '[a-b-c]', '[', '[^', '[^bc', 'a[', 'b*[', '\\', 'a[\\', '*\\'])(
    'refuses %j whatever the name',
    (pattern) => {
      expect(() => compileMatch(pattern)).toThrow(BadPatternError);
      expect(() => compileMatch(pattern)).toThrow('syntax error in pattern');
    },
  );

  it('does not take long for many stars', () => {
    expect(match(`${'a*'.repeat(30)}b`, 'a'.repeat(2000))).toBe(false);
  });

  it('never goes back to an earlier star, not even where a class took a slash', () => {
    expect(match('*[^a]*', 'b/')).toBe(false);
    expect(match('*[^a]', 'b/')).toBe(true);
  });

  it('agrees with the regular expression of the same meaning', () => {
    const part = fc.constantFrom('*', '?', 'a', 'b', '/', '[ab]', '[^a/]');
    const name = fc.stringMatching(/^[ab/]{0,8}$/);
    fc.assert(
      fc.property(fc.array(part, {maxLength: 6}), name, (parts, text) => {
        const source = parts.map((item) => (item === '*' ? '[^/]*' : item === '?' ? '[^/]' : item)).join('');
        expect(match(parts.join(''), text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
      {numRuns: 1000},
    );
  });
});
