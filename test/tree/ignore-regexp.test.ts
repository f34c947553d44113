import {describe, expect, it} from 'vitest';
import {mobyExpressionOf, regExpOf} from '../../src/tree/ignore-regexp.ts';
import {BadPatternError} from '../../src/util/go-path.ts';

describe('mobyExpressionOf', () => {
  it.each([
    ['a*b', '^a[^/]*b$'],
    ['a**b', '^a(.*/)?b$'],
    ['**/a?', '^(.*/)?a[^/]$'],
    ['a?/**', '^a[^/]/.*$'],
    ['*.(x)+$', '^[^/]*\\.\\(x\\)\\+\\$$'],
    ['a|b{1}*', '^a|b{1}[^/]*$'],
    ['[*]', '^[[^/]*]$'],
    ['\\*\\d', '^\\*\\d$'],
    ['\ufeffa*', '^a[^/]*$'],
  ])('of %j is %j', (pattern, expected) => {
    expect(mobyExpressionOf(pattern)).toBe(expected);
  });
});

describe('regExpOf reads RE2', () => {
  it.each([
    ['^a|b$', 'axxx', true],
    ['^a|b$', 'xb', true],
    ['^a{2}$', 'aa', true],
    ['^a{2,}$', 'aaa', true],
    ['^a{,3}$', 'a{,3}', true],
    ['^a{x}$', 'a{x}', true],
    ['^a{01}$', 'a{01}', true],
    ['^}]$', '}]', true],
    ['^[[:alpha:]]$', 'x', true],
    ['^[[:^alpha:]]$', 'x', false],
    ['^[[:punct:]]$', '`', true],
    ['^[\\d\\-z]$', '-', true],
    ['^[^\\D]$', '5', true],
    ['^\\D$', 'x', true],
    ['^\\s$', '\u00a0', false],
    ['^\\x41\\x{1f600}$', 'A\u{1f600}', true],
    ['^\\101$', 'A', true],
    ['^\\pL\\p{Greek}$', 'a\u03b1', true],
    ['^\\PL$', 'a', false],
    ['^\\p{^L}$', '1', true],
    ['^a\\b$', 'a', true],
    ['^\\Aa\\z$', 'a', true],
    ['^\\Qa.b\\E$', 'a.b', true],
    ['^\\t\\_$', '\t_', true],
    ['^(.*/)?b$', 'x\ny/b', false],
    ['^(.*/)?b$', 'x\u2028y/b', true],
    ['^[^/]$', '\u{1f600}', true],
    ['^[[^/]*]$', '^]', true],
    ['^{2}$', '', true],
    ['^[a^]$', '^', true],
    ['^[]a]$', ']', true],
  ])('%j on %j: %j', (expression, text, expected) => {
    expect(regExpOf(expression).test(text)).toBe(expected);
  });

  it.each([
    '^[z-a]$',
    '^[[:nope:]]$',
    '^[[:alpha:]',
    '^\\q$',
    '^\\1$',
    '^\\é$',
    '^\\x{110000}$',
    '^\\xg0$',
    '^\\pQ$',
    '^\\p{Nope}$',
    '^a{1001}$',
    '^a{3,2}$',
    '^a{2}{3}$',
    '^[^/]*{2}$',
    '^(.*/)?{2}$',
    '^a|{2}$',
    '^[a-\\d]$',
    '^\\',
  ])('%j is refused', (expression) => {
    expect(() => regExpOf(expression)).toThrow(BadPatternError);
  });
});
