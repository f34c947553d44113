import {describe, expect, it} from 'vitest';
import {isJsonArray, scanFlag, scanQuotedWord} from '../../grammar/words.ts';

describe('scanFlag', () => {
  it.each([
    ['--a=b c', '--a=b', 5],
    ['--a="b c" d', '--a=b c', 9],
    ["--a='b \\' c'", "--a=b ' c", 12],
    ['--a=b\\ c d', '--a=b c', 8],
    ['--a="b', '--a=b', 6],
    ['--a=b\\', '--a=b', 6],
  ])('takes quotes and escapes off %j', (line, text, end) => {
    expect(scanFlag(line, 0)).toEqual({text, end});
  });

  it('escapes with a backslash whatever the file escapes with, as docker does', () => {
    expect(scanFlag('--a=C:\\b` c', 0).text).toBe('--a=C:b`');
  });
});

describe('scanQuotedWord', () => {
  it.each([
    ['a=b c', 'a=b'],
    ['a="b c" d', 'a="b c"'],
    ["a='b\\' c'", "a='b\\'"],
    ['a=b\\ c d', 'a=b\\ c'],
    ['a="b\\" c" d', 'a="b\\" c"'],
    ['a="b c', 'a="b c'],
  ])('keeps quotes and escapes of %j', (line, text) => {
    expect(scanQuotedWord(line, 0, '\\')).toEqual({text, end: text.length});
  });

  it('drops an escape character that ends the line', () => {
    expect(scanQuotedWord('a=b\\', 0, '\\')).toEqual({text: 'a=b', end: 4});
  });
});

it('isJsonArray wants the whole text to be one', () => {
  expect(isJsonArray('["a", 1]')).toBe(true);
  expect(['[a]', '["a"] b', "['a']", '{}', '"a"', '[1,]'].filter(isJsonArray)).toEqual([]);
});
