import {describe, expect, it} from 'vitest';
import {cutToWidth, tameLine, textWidth} from '../../../src/progress/sinks/tty/text-width.ts';

describe('textWidth', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['日本', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['🚀', 2],
    ['a\u200bb', 2],
    ['ﾊﾝ', 2],
  ])('of %j is %d', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe('cutToWidth', () => {
  it.each([
    ['abcdef', 3, 'abc'],
    ['abc', 10, 'abc'],
    ['日本語', 3, '日'],
    ['日本語', 4, '日本'],
    ['🚀🚀', 3, '🚀'],
    ['abc', 0, ''],
  ])('of %j to %d is %j', (text, columns, cut) => {
    expect(cutToWidth(text, columns)).toBe(cut);
  });
});

describe('tameLine', () => {
  it.each([
    ['\x1b[31mred\x1b[0m', 'red'],
    ['10%\r20%\r30%', '30%'],
    ['windows\r', 'windows'],
    ['a\tb', 'a    b'],
    ['\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\', 'link'],
    ['nul\x00bell\x07', 'nulbell'],
  ])('of %j is %j', (text, tame) => {
    expect(tameLine(text)).toBe(tame);
  });
});
