import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {isExcluded, PatternError, PatternMatcher} from '../../src/tree/pattern-matcher.ts';
import {shortestMs} from '../support/shortest-time.ts';

const excludes = (patterns: readonly string[], path: string) =>
  isExcluded(new PatternMatcher(patterns), path);

describe('PatternMatcher', () => {
  it.each([
    [['a'], 'a/b/c', true],
    [['a'], 'b/a', false],
    [['*'], 'a/b', true],
    [['**'], '.', false],
    [['a/**'], 'a', false],
    [['a/**'], 'a/b', true],
    [['**/a'], 'x/y/a/b', true],
    [['**/a'], 'xa', false],
    // A star star that no slash follows is a plain test of the end.
    [['**a'], 'x/ba', true],
    [['a**b'], 'ab', true],
    [['a**b'], 'ax/yb', false],
    [['a**b'], 'ax/b', true],
    [['a**'], 'abc/d', true],
    // Neither | nor braces are escaped on the way to the expression.
    [['a|b?'], 'a/x', true],
    [['a|b'], 'a', false],
    [['a|b'], 'a|b', true],
    [['a{2}?'], 'aab', true],
    [['a{2}'], 'a{2}', true],
    [['[!a]'], '!', true],
    [['[!a]'], 'b', false],
    [['[^a]'], 'b', true],
    [['[[:digit:]]'], '7', true],
    [['v\\d*'], 'v1.2', true],
    [['docs', '!docs/README.md'], 'docs/README.md', false],
    [['docs', '!docs/README.md'], 'docs/x', true],
    [['!docs', 'docs'], 'docs', true],
    [['*', '!a', 'a/b'], 'a/b', true],
    [['*', '!a', 'a/b'], 'a/c', false],
    [['  a  ', ''], 'a', true],
    [['/a'], 'a', false],
    [['a.b'], 'axb', false],
    [['(a)+$'], '(a)+$', true],
    [['*.(a)+$'], 'x.(a)+$', true],
  ])('%j excludes %j: %j', (patterns, path, expected) => {
    expect(excludes(patterns, path)).toBe(expected);
  });

  it('refuses a lone exclamation mark and malformed patterns with the words of moby', () => {
    expect(() => new PatternMatcher(['!'])).toThrow('illegal exclusion pattern: "!"');
    expect(() => new PatternMatcher(['a', '[x-]'])).toThrow('syntax error in pattern');
    expect(() => new PatternMatcher(['!['])).toThrow(PatternError);
  });

  it('refuses what only the expression cannot say when it is evaluated, not before', () => {
    const matcher = new PatternMatcher(['a', '[z-a]']);
    expect(isExcluded(matcher, 'a')).toBe(true);
    expect(() => isExcluded(matcher, 'b')).toThrow('syntax error in pattern');
  });

  it('does not evaluate a pattern that cannot change the outcome', () => {
    expect(excludes(['a', '[z-a]'], 'a')).toBe(true);
    expect(excludes(['![z-a]'], 'b')).toBe(false);
  });

  it('knows below which ignored directories something may be taken back', () => {
    const matcher = new PatternMatcher(['*', '!a/b/c', '!d/**']);
    expect(['a', 'a/b', 'a/x', 'd', 'e'].map((path) => matcher.mayTakeBackBelow(path))).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    expect(new PatternMatcher(['*', '!*.md']).mayTakeBackBelow('a')).toBe(true);
    expect(new PatternMatcher(['*']).mayTakeBackBelow('a')).toBe(false);
  });
});

/** The documented meaning, step by step, with no thought of speed. */
function plainlyExcludes(patterns: readonly string[], path: string): boolean {
  const parts = path.split('/');
  const candidates = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  let excluded = false;
  for (const pattern of patterns) {
    const takesBack = pattern.startsWith('!');
    const text = takesBack ? pattern.slice(1) : pattern;
    if (candidates.some((candidate) => plainlyMatches(text, candidate))) excluded = !takesBack;
  }
  return excluded;
}

function plainlyMatches(pattern: string, path: string): boolean {
  const suffix = pattern.startsWith('**') ? pattern.slice(2) : undefined;
  if (suffix !== undefined && !/[*?]/.test(suffix)) {
    return path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1));
  }
  if (pattern === '') return path === '';
  if (pattern.startsWith('**')) {
    const rest = pattern.slice(pattern.startsWith('**/') ? 3 : 2);
    if (rest === '') return true;
    if (plainlyMatches(anchored(rest), path)) return true;
    return [...path].some(
      (char, index) => char === '/' && plainlyMatches(anchored(rest), path.slice(index + 1)),
    );
  }
  if (pattern.startsWith('*')) {
    if (plainlyMatches(anchored(pattern.slice(1)), path)) return true;
    return path !== '' && !path.startsWith('/') && plainlyMatches(pattern, path.slice(1));
  }
  if (pattern.startsWith(mark)) return plainlyMatchesInside(pattern.slice(1), path);
  if (path === '' || (pattern.startsWith('?') ? path.startsWith('/') : pattern[0] !== path[0])) return false;
  return plainlyMatches(anchored(pattern.slice(1)), path.slice(1));
}

// Within a pattern `**` is "any directories or none" only; the test of the end is for the very start.
const mark = '\u0001';
const anchored = (pattern: string) => (pattern.startsWith('**') ? `${mark}${pattern}` : pattern);

function plainlyMatchesInside(pattern: string, path: string): boolean {
  const rest = pattern.slice(pattern.startsWith('**/') ? 3 : 2);
  if (rest === '') return true;
  if (plainlyMatches(anchored(rest), path)) return true;
  return [...path].some(
    (char, index) => char === '/' && plainlyMatches(anchored(rest), path.slice(index + 1)),
  );
}

describe('against the plain reading', () => {
  const path = fc.stringMatching(/^[ab.]{1,3}(?:\/[ab.]{1,3}){0,3}$/);
  const pattern = fc
    .array(fc.constantFrom('a', 'b', '.', '/', '*', '**', '?', '/a', '**/', '/**'), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => parts.join(''))
    .filter((text) => !/\*\*\*|\/\/|^\/|\/$|(?:^|\/)\.{1,2}(?:\/|$)/.test(text));

  it('says the same for single patterns and for lists with exclusions', () => {
    const rule = fc.tuple(fc.boolean(), pattern).map(([takesBack, text]) => `${takesBack ? '!' : ''}${text}`);
    fc.assert(
      fc.property(fc.array(rule, {minLength: 1, maxLength: 4}), path, (patterns, name) => {
        fc.pre(!/(?:^|\/)\.{1,2}(?:\/|$)/.test(name));
        expect(excludes(patterns, name), `${JSON.stringify(patterns)} on ${name}`).toBe(
          plainlyExcludes(patterns, name),
        );
      }),
      {numRuns: 3000},
    );
  });
});

describe('speed', () => {
  it('50,000 paths against 20 patterns are a matter of milliseconds', () => {
    const patterns = [
      ...['.git', 'node_modules', 'dist', 'coverage', '.env', 'tmp', 'build/out', 'docs/internal'],
      ...['**/node_modules', '**/*.log', '**/.DS_Store', '*.md', '**/*.test.ts', 'vendor/**'],
      ...['src/**/fixtures', '**/__pycache__', '*.tmp', '**/*.swp', '!README.md', '!src/keep/*.log'],
    ];
    const matcher = new PatternMatcher(patterns);
    const paths = Array.from(
      {length: 50_000},
      (_, index) => `src/m${index % 500}/part${index % 7}/file${index}.ts`,
    );
    const milliseconds = shortestMs(3000, () => {
      expect(paths.some((path) => matcher.matchesOrParentMatches(path))).toBe(false);
    });
    // Generous: machines of many builds at once are slow. Alone it takes about a tenth.
    expect(milliseconds).toBeLessThan(3000);
  });
});

describe('patternAgainst', () => {
  const against = (patterns: readonly string[], path: string) =>
    new PatternMatcher(patterns).patternAgainst(path);

  it('names the last pattern that keeps a path or a directory above it out', () => {
    expect(against(['*.md', 'docs'], 'docs/a.md')).toBe('docs');
    expect(against(['docs', '**/*.md'], 'docs/a.md')).toBe('**/*.md');
    expect(against(['docs/', '!docs/a.md'], 'docs/b.md')).toBe('docs');
  });

  it('names none where the path is kept', () => {
    expect(against(['docs'], 'a')).toBeUndefined();
    expect(against(['docs', '!docs/a.md'], 'docs/a.md')).toBeUndefined();
  });
});
