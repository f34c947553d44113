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
