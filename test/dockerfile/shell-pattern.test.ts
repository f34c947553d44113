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

describe('replacements', () => {
  it('are text for the first match', () => {
    expect(replaceFirst('aXbX', 'X', '$0')).toEqual({result: 'a$0bX'});
  });

  it('are templates of Go for all matches', () => {
    expect(replaceAll('aXbX', 'X', '<$0>')).toEqual({result: 'a<X>b<X>'});
    expect(replaceAll('aXbX', 'X', '$1$$${name}-')).toEqual({result: 'a$-b$-'});
  });

  it('do not fill the empty place behind a match', () => {
    expect(replaceAll('abc', '*', 'x')).toEqual({result: 'x'});
    expect(replaceAll('ab', '', '-')).toEqual({result: '-a-b-'});
  });
});
