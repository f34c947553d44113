// The expansion of words beside one that is plainly right: words are made as trees, of which both the text and the
// value are told by a line for each kind. The text goes through the expansion, and must come out as the value.

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {expandWord, expandWords} from '../../src/dockerfile/expansion.ts';
import {loadWordGrammar} from '../../src/dockerfile/word-grammar.ts';

await loadWordGrammar();

const seed = process.env['TSBUILD_SEED'] === undefined ? {} : {seed: Number(process.env['TSBUILD_SEED'])};
const options = {numRuns: Number(process.env['TSBUILD_RUNS'] ?? 300), ...seed};

type Part =
  | {readonly kind: 'text' | 'single' | 'escaped'; readonly text: string}
  | {readonly kind: 'double'; readonly parts: readonly Part[]}
  | {readonly kind: 'variable'; readonly name: string; readonly braced: boolean}
  | {
      readonly kind: 'operation';
      readonly name: string;
      readonly operator: string;
      readonly word: readonly Part[];
    };

const values: Readonly<Record<string, string>> = {set: 'x/y z', empty: '', quoted: `"it's" \\$`};

function textOf(parts: readonly Part[]): string {
  return parts.map(textOfPart).join('');
}

function textOfPart(part: Part): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'single':
      return `'${part.text}'`;
    case 'escaped':
      return `\\${part.text}`;
    case 'double':
      return `"${textOf(part.parts)}"`;
    case 'variable':
      return part.braced ? `\${${part.name}}` : `$${part.name}`;
    case 'operation':
      return `\${${part.name}${part.operator}${textOf(part.word)}}`;
  }
}

function meaningOf(parts: readonly Part[]): string {
  return parts.map(meaningOfPart).join('');
}

function meaningOfPart(part: Part): string {
  switch (part.kind) {
    case 'text':
    case 'single':
    case 'escaped':
      return part.text;
    case 'double':
      return meaningOf(part.parts);
    case 'variable':
      return values[part.name] ?? '';
    case 'operation': {
      const value = values[part.name];
      const isMissing = part.operator.startsWith(':') ? (value ?? '') === '' : value === undefined;
      if (part.operator.endsWith('-')) return isMissing ? meaningOf(part.word) : (value ?? '');
      return isMissing ? '' : meaningOf(part.word);
    }
  }
}

/** Blanks of text and of values split; what is quoted or escaped at the top holds together. */
function wordsOf(parts: readonly Part[]): readonly string[] {
  const words: string[] = [];
  let word = '';
  for (const part of parts) {
    const value = meaningOfPart(part);
    const [first = '', ...others] = ['text', 'variable', 'operation'].includes(part.kind)
      ? value.split(' ')
      : [value];
    word += first;
    for (const other of others) {
      words.push(word);
      word = other;
    }
  }
  return [...words, word].filter((each) => each !== '');
}

const name = fc.constantFrom(...Object.keys(values), 'unset');
// A name that is not in braces takes every letter behind it.
const plain = fc
  .constantFrom('/', ' ', '.', ' a', ':b', '-é', '😀', '=')
  .map((text): Part => ({kind: 'text', text}));
const variable = fc.record({kind: fc.constant('variable' as const), name, braced: fc.boolean()});
const single = fc
  .constantFrom('', 'a b', '$set', '"', '\\', '}')
  .map((text): Part => ({kind: 'single', text}));
const escaped = fc
  .constantFrom('$', '"', "'", '\\', 'a', ' ', '}', '/')
  .map((text): Part => ({kind: 'escaped', text}));
const escapedInDouble = fc.constantFrom('$', '"', '\\').map((text): Part => ({kind: 'escaped', text}));

const {word} = fc.letrec<{word: Part[]; operation: Part; double: Part}>((tie) => ({
  word: fc.array(fc.oneof({maxDepth: 4}, plain, variable, single, escaped, tie('operation'), tie('double')), {
    maxLength: 5,
  }),
  operation: fc.record({
    kind: fc.constant('operation' as const),
    name,
    operator: fc.constantFrom('-', ':-', '+', ':+'),
    word: tie('word'),
  }),
  double: fc.record({
    kind: fc.constant('double' as const),
    parts: fc.array(fc.oneof({maxDepth: 4}, plain, variable, escapedInDouble, tie('operation')), {
      maxLength: 4,
    }),
  }),
}));

const environment = new Map(Object.entries(values));

describe('a word', () => {
  it('has the value of its parts', () => {
    fc.assert(
      fc.property(word, (parts) => {
        const text = textOf(parts);
        expect(expandWord(text, environment, {escape: '\\'}), text).toMatchObject({result: meaningOf(parts)});
      }),
      options,
    );
  });

  it('falls into words where blanks are not quoted', () => {
    fc.assert(
      fc.property(word, (parts) => {
        const text = textOf(parts);
        expect(expandWords(text, environment, {escape: '\\'}), text).toMatchObject({result: wordsOf(parts)});
      }),
      options,
    );
  });
});
