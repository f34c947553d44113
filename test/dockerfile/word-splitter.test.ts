import {expect, it} from 'vitest';
import {WordSplitter} from '../../src/dockerfile/word-splitter.ts';

it('splits text and values, and glues quoted parts to their neighbours', () => {
  const splitter = new WordSplitter();
  splitter.addText(' a b');
  splitter.addQuoted(' c ');
  splitter.addValue('d  e');
  splitter.addText(' ');
  expect(splitter.finish()).toEqual(['a', 'b c d', 'e']);
});

it('keeps the name of a heredoc with its opening', () => {
  const splitter = new WordSplitter();
  splitter.addText('cat <<  EOF <<< x');
  expect(splitter.finish()).toEqual(['cat', '<<  EOF', '<<<', 'x']);
});

it('splits at other blanks behind the opening of a heredoc', () => {
  for (const blank of ['\n', '\v', '\f', '\u0085', '\u00a0', '\u2028']) {
    const splitter = new WordSplitter();
    splitter.addText(`<< \t\r${blank}EOF`);
    expect(splitter.finish(), JSON.stringify(blank)).toEqual(['<< \t\r', 'EOF']);
  }
});
