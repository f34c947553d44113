// What must hold for every text, also for nonsense. Texts are made of the characters and words that mean something.

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import {expandWord, expandWords} from '../../src/dockerfile/expansion.ts';
import {replaceAll, replaceFirst, trimPrefix, trimSuffix} from '../../src/dockerfile/shell-pattern.ts';
import {loadWordGrammar} from '../../src/dockerfile/word-grammar.ts';
import {parseWithReaders} from '../../src/instructions/readers.ts';
import {anyDockerfile, propertyOptions} from './any-dockerfile.ts';

await loadWordGrammar();

const shellPiece = fc.constantFrom(
  ...[
    '$',
    '{',
    '}',
    'a',
    'B',
    '1',
    ':',
    '-',
    '+',
    '?',
    '#',
    '%',
    '/',
    '*',
    '\\',
    '`',
    '"',
    "'",
    ' ',
    '<<',
    'é',
    '😀',
  ],
);
const word = fc.array(shellPiece, {maxLength: 24}).map((pieces) => pieces.join(''));
const env = new Map([
  ['a', 'x/y z'],
  ['B', ''],
]);

describe('parsing', () => {
  it('never throws, and gives a Dockerfile or an error', () => {
    fc.assert(
      fc.property(anyDockerfile, (text) => {
        const result = parseWithReaders(sourceFile('Dockerfile', text));
        const broken = result.diagnostics.some(({severity}) => severity === 'error');
        expect(result.dockerfile === undefined).toBe(broken);
      }),
      propertyOptions,
    );
  });

  it('names places that are in the file', () => {
    fc.assert(
      fc.property(anyDockerfile, (text) => {
        const file = sourceFile('Dockerfile', text);
        for (const {span} of parseWithReaders(file).diagnostics) {
          if (span === undefined) continue;
          expect(span.line).toBeGreaterThanOrEqual(1);
          expect(span.line).toBeLessThanOrEqual(file.linesCount);
          expect(span.column).toBeLessThanOrEqual((file.line(span.line) ?? '').length);
          expect(span.endLine).toBeGreaterThanOrEqual(span.line);
        }
      }),
      propertyOptions,
    );
  });
});

describe('expansion', () => {
  it('never throws', () => {
    fc.assert(
      fc.property(word, fc.constantFrom('\\', '`' as const), fc.boolean(), (text, character, raw) => {
        const how = {escape: character as '\\' | '`', rawQuotes: raw, skipUnset: raw};
        const one = expandWord(text, env, how);
        const many = expandWords(text, env, how);
        expect('error' in one).toBe('error' in many);
      }),
      propertyOptions,
    );
  });

  it('keeps a word without anything special', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/[$\\'"]/.test(text));
        expect(expandWord(text, env, {escape: '\\'})).toMatchObject({result: text});
      }),
      propertyOptions,
    );
  });
});

/** The same by backtracking: what Go's regexp would match, in as few words as possible. */
function regexpOf(pattern: string, greedy: boolean, place: 'start' | 'end' | 'anywhere'): RegExp {
  const source = pattern.replace(/[*?.+]/g, (character) =>
    character === '*' ? (greedy ? '.*' : '.*?') : character === '?' ? '.' : `\\${character}`,
  );
  return new RegExp(place === 'start' ? `^${source}` : source, 'u');
}

const glob = fc
  .array(fc.constantFrom('a', 'b', '*', '?', '\n', '.'), {maxLength: 7})
  .map((all) => all.join(''));
const value = fc
  .array(fc.constantFrom('a', 'b', '\n', '.', '😀'), {maxLength: 12})
  .map((all) => all.join(''));
const turned = (text: string): string => [...text].reverse().join('');

describe('patterns', () => {
  it('cut what a regular expression matches at the beginning and, turned round, at the end', () => {
    fc.assert(
      fc.property(value, glob, fc.boolean(), (text, pattern, greedy) => {
        const expected = text.replace(regexpOf(pattern, greedy, 'start'), '');
        expect(trimPrefix(text, pattern, greedy)).toEqual({result: expected});
        expect(trimSuffix(turned(text), turned(pattern), greedy)).toEqual({result: turned(expected)});
      }),
      propertyOptions,
    );
  });

  it('replace the first match of a regular expression, or all', () => {
    fc.assert(
      fc.property(value, glob, (text, pattern) => {
        const regexp = regexpOf(pattern, true, 'anywhere');
        expect(replaceFirst(text, pattern, '<>')).toEqual({result: text.replace(regexp, '<>')});
        let lastEnd = 0;
        // Go, other than JavaScript, replaces no empty match right behind another one.
        const all = text.replace(new RegExp(regexp, 'gu'), (match: string, offset: number) => {
          if (match === '' && offset === lastEnd && offset > 0) return '';
          lastEnd = offset + match.length;
          return '<>';
        });
        expect(replaceAll(text, pattern, '<>')).toEqual({result: all});
      }),
      propertyOptions,
    );
  });
});
