import {describe, expect, it} from 'vitest';
import {IgnoreFileError, readIgnoreFile, readIgnoreLines} from '../../src/tree/ignore-file.ts';

describe('readIgnoreFile', () => {
  it.each([
    ['# a comment\n #no comment\n', ['#no comment']],
    ['  a  \r\n\n\t\nb', ['a', 'b']],
    ['/a\n//b\n///\n/', ['a', 'b', '/', '/']],
    ['./a/\na/../b\n', ['a', 'b']],
    ['!a\n! /b\n!  ./c/ \n', ['!a', '!b', '!c']],
    ['!\n! \n', ['!', '!']],
    ['!#x\n', ['!#x']],
    ['\ufeff# a comment\nb\n\ufeffc', ['b', '\ufeffc']],
    ['a\\ b\n**/\n', ['a\\ b', '**']],
  ])('of %j is %j', (text, expected) => {
    expect(readIgnoreFile(text)).toEqual(expected);
  });

  it('knows the line of each pattern', () => {
    expect(readIgnoreLines('# x\n\na\nb')).toEqual([
      {pattern: 'a', line: 3},
      {pattern: 'b', line: 4},
    ]);
  });

  it('refuses the lines that a Go scanner cannot hold', () => {
    expect(readIgnoreFile(`#${'a'.repeat(65_534)}\nb\n`)).toEqual(['b']);
    expect(() => readIgnoreFile('a'.repeat(65_536))).toThrow(IgnoreFileError);
    expect(() => readIgnoreFile('é'.repeat(32_768))).toThrow('token too long');
  });

  it('refuses more patterns than paths can be compared with, and longer ones than any path', () => {
    expect(readIgnoreFile('a\n'.repeat(50_000))).toHaveLength(50_000);
    expect(() => readIgnoreFile('a\n'.repeat(50_001))).toThrow('more than 50000 patterns');
    expect(readIgnoreFile('a'.repeat(4096))).toHaveLength(1);
    expect(() => readIgnoreFile('a'.repeat(4097))).toThrow('pattern longer than 4096 characters');
  });
});
