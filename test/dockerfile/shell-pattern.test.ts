import {describe, expect, it} from 'vitest';
import {replaceAll, replaceFirst, trimPrefix, trimSuffix} from '../../src/dockerfile/shell-pattern.ts';

describe('patterns', () => {
  it('match the shortest or the longest text', () => {
    expect(trimPrefix('a.b.c', '*.', false)).toEqual({result: 'b.c'});
    expect(trimPrefix('a.b.c', '*.', true)).toEqual({result: 'c'});
    expect(trimSuffix('a.b.c', '.*', false)).toEqual({result: 'a.b'});
    expect(trimSuffix('a.b.c', '.*', true)).toEqual({result: 'a'});
  });

  it('know no brackets', () => {
    expect(trimPrefix('[a]b', '[a]', false)).toEqual({result: 'b'});
    expect(trimPrefix('a(b)', 'a(', false)).toEqual({result: 'b)'});
  });

  it('take ? for one character, also outside the basic plane', () => {
    expect(trimPrefix('😀b', '?', false)).toEqual({result: 'b'});
    expect(trimSuffix('b😀', '?', false)).toEqual({result: 'b'});
  });

  it('escape wildcards and the escape itself, nothing else', () => {
    expect(trimPrefix('*\\?x', '\\*\\\\\\?', false)).toEqual({result: 'x'});
    expect(trimSuffix('x\\*', '\\\\\\*', false)).toEqual({result: 'x'});
    expect(trimPrefix('}a', '\\}', false)).toEqual({result: 'a'});
    expect(trimPrefix('a', '\\a', false)).toEqual({
      error: "invalid pattern (\\a) in substitution: invalid escape '\\a'",
    });
  });

  it('leave a value alone that they do not match', () => {
    expect(trimPrefix('abc', 'x', true)).toEqual({result: 'abc'});
    expect(replaceFirst('abc', 'x', 'y')).toEqual({result: 'abc'});
    expect(replaceAll('abc', 'x', 'y')).toEqual({result: 'abc'});
  });
});

it('a pattern is matched in little time, whatever its stars', () => {
  const pattern = `${'*a'.repeat(200)}b`;
  expect(trimPrefix('a'.repeat(60_000), pattern, true)).toEqual({result: 'a'.repeat(60_000)});
});

it('a pattern has at most a thousand characters', () => {
  expect(trimPrefix('a', 'a'.repeat(1001), true)).toEqual({
    error: 'pattern of 1001 characters in substitution, at most 1000 are possible',
  });
});

describe('replacements', () => {
  it('are text for the first match', () => {
    expect(replaceFirst('aXbX', 'X', '$0')).toEqual({result: 'a$0bX'});
  });

  it('are templates of Go for all matches', () => {
    expect(replaceAll('aXbX', 'X', '<$0>')).toEqual({result: 'a<X>b<X>'});
    expect(replaceAll('aXbX', 'X', '$1$$${name}-')).toEqual({result: 'a$-b$-'});
  });

  it('know the match as $0 and not as $00', () => {
    expect(replaceAll('aX', 'X', '$0${0}$00')).toEqual({result: 'aXX'});
  });

  it('do not fill the empty place behind a match', () => {
    expect(replaceAll('abc', '*', 'x')).toEqual({result: 'x'});
    expect(replaceAll('ab', '', '-')).toEqual({result: '-a-b-'});
  });
});
