import {beforeEach, expect, it, vi} from 'vitest';

// What is known is known to the whole process, so every test has the module for itself.
beforeEach(() => vi.resetModules());

const mode = {escape: '\\', skipQuotes: false} as const;

it('says that the grammar is missing, and reads words once it is there', async () => {
  const {loadWordGrammar, WordGrammarMissing, wordPartsOf} = await import(
    '../../src/dockerfile/word-grammar.ts'
  );
  expect(() => wordPartsOf('$a', mode)).toThrow(WordGrammarMissing);
  await loadWordGrammar();
  expect(wordPartsOf('$a', mode)).toEqual([{kind: 'variable', name: 'a', braced: false}]);
});

it('needs no grammar for words it has learned', async () => {
  const first = await import('../../src/dockerfile/word-grammar.ts');
  await first.loadWordGrammar();
  first.wordPartsOf('"$a"', mode);
  first.wordPartsOf('"$a"', {...mode, skipQuotes: true});
  const words = JSON.parse(JSON.stringify(first.knownWords()));
  vi.resetModules();
  const second = await import('../../src/dockerfile/word-grammar.ts');
  second.learnWords(words);
  expect(second.wordPartsOf('"$a"', mode)).toEqual(first.wordPartsOf('"$a"', mode));
  expect(second.wordPartsOf('"$a"', {...mode, skipQuotes: true})).toHaveLength(3);
  expect(() => second.wordPartsOf('"$a"', {...mode, escape: '`'})).toThrow(second.WordGrammarMissing);
});
