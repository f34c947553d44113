import {describe, expect, it} from 'vitest';
import {type ExpandOptions, expandHeredoc, expandWord, expandWords} from '../../src/dockerfile/expansion.ts';
import {loadWordGrammar} from '../../src/dockerfile/word-grammar.ts';

await loadWordGrammar();

const env = new Map([
  ['A', 'a value'],
  ['EMPTY', ''],
  ['PATH', '/usr/local/bin/node'],
  ['STARS', 'x*y?z'],
]);

function word(text: string, options: Partial<ExpandOptions> = {}): string {
  const outcome = expandWord(text, env, {escape: '\\', ...options});
  return 'error' in outcome ? `! ${outcome.error}` : outcome.result;
}

function words(text: string, options: Partial<ExpandOptions> = {}): readonly string[] | string {
  const outcome = expandWords(text, env, {escape: '\\', ...options});
  return 'error' in outcome ? outcome.error : outcome.result;
}

describe('expandWord', () => {
  it.each([
    ['plain', 'plain'],
    ['$A/${A}', 'a value/a value'],
    ['$B.', '.'],
    ['$', '$'],
    ['$.a', '$.a'],
    ['$1a', 'a'],
    ['\\$A', '$A'],
    ["'$A'", '$A'],
    ['"$A"', 'a value'],
    ['"\\$A\\n\\""', '$A\\n"'],
    ['a\\ b', 'a b'],
    ['a\\', 'a'],
  ])('expands %j', (text, expected) => {
    expect(word(text)).toBe(expected);
  });

  it.each([
    ['${A:-d}', 'a value'],
    ['${B:-d}', 'd'],
    ['${EMPTY:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${B:+d}', ''],
    ['${EMPTY:+d}', ''],
    ['${EMPTY+d}', 'd'],
    ['${B:-${A}}', 'a value'],
    ['${A:?no}', 'a value'],
    ['${EMPTY?no}', ''],
  ])('knows defaults and alternatives: %s', (text, expected) => {
    expect(word(text)).toBe(expected);
  });

  it.each([
    ['${PATH#*/}', 'usr/local/bin/node'],
    ['${PATH##*/}', 'node'],
    ['${PATH%/*}', '/usr/local/bin'],
    ['${PATH%%/*}', ''],
    ['${PATH/local/own}', '/usr/own/bin/node'],
    ['${PATH//\\//:}', ':usr:local:bin:node'],
    ['${STARS#x\\*}', 'y?z'],
    ['${STARS%\\?z}', 'x*y'],
  ])('cuts and replaces with patterns: %s', (text, expected) => {
    expect(word(text)).toBe(expected);
  });

  it.each([
    ['${B?}', 'B: is not allowed to be unset'],
    ['${EMPTY:?}', 'EMPTY: is not allowed to be empty'],
    ['${B:?give $A}', 'B: give a value'],
    ['${A:-${B?no}}', 'B: no'],
    ['${A#\\x}', "invalid pattern (\\x) in substitution: invalid escape '\\x'"],
    ['${A:=b}', 'unsupported modifier (:=) in substitution'],
    ['${}', 'syntax error: bad substitution'],
    ['${A:-b', "syntax error: missing '}'"],
    ['${A:-"b', "syntax error: missing '}'"],
    ['${A/b', "syntax error: missing '/' in ${}"],
    ["'a", 'unexpected end of statement while looking for matching single-quote'],
    ['"a', 'unexpected end of statement while looking for matching double-quote'],
  ])('fails on %s', (text, reason) => {
    expect(word(text)).toBe(`! failed to process ${JSON.stringify(text)}: ${reason}`);
  });

  it('tells the first failure, as docker reads from left to right', () => {
    expect(word('${B?first}"second')).toContain('B: first');
    expect(word('"first${B?second}')).toContain('B: second');
  });

  it('escapes with the character of the file', () => {
    expect(word('C:\\$A`$A', {escape: '`'})).toBe('C:\\a value$A');
  });

  it('keeps quotes and unset variables when asked to', () => {
    const options = {rawQuotes: true, skipUnset: true};
    expect(word(`"$A" '$A' $B \${B} \${B:-"x"} \${B/y/z}`, options)).toBe(
      `"a value" '$A' $B \${B} \${B:-"x"} \${B/y/z}`,
    );
  });

  it('keeps escapes when asked to', () => {
    expect(word('\\$A \\a', {rawEscapes: true})).toBe('\\$A \\a');
  });

  it('says which variables were set and which were not, each once', () => {
    expect(expandWord('$A$B${A:-$C}$B', env, {escape: '\\'})).toEqual({
      result: 'a valuea value',
      matched: ['A'],
      unmatched: ['B', 'C'],
    });
  });
});

describe('expandWords', () => {
  it('splits behind the expansion, not inside quotes', () => {
    expect(words('$A "$A" x')).toEqual(['a', 'value', 'a value', 'x']);
    expect(words('a\\ b c')).toEqual(['a b', 'c']);
  });

  it('has no words for empty text, quoted or not', () => {
    expect(words('')).toEqual([]);
    expect(words('$EMPTY "" \'\'')).toEqual([]);
  });

  it('does not lose what stands before a default', () => {
    expect(words('tcp/${B:-80}')).toEqual(['tcp/80']);
  });
});

it('expandHeredoc leaves quotes alone', () => {
  expect(expandHeredoc('"$A" it\'s \\$A \\\\\n', env)).toMatchObject({result: '"a value" it\'s $A \\\n'});
});

it('a word that grows beyond all use is refused, as is one whose parts do', () => {
  const long = new Map([['A', 'x'.repeat(200_000)]]);
  const error = 'failed to process "$A$A": the result is longer than 262144 characters';
  expect(expandWord('$A$A', long, {escape: '\\'})).toEqual({error});
  expect(expandWord('${B:-$A$A}', long, {escape: '\\'})).toHaveProperty('error');
  expect(expandHeredoc('$A$A', long)).toHaveProperty('result');
});

it('a message shows the beginning of a long word', () => {
  const outcome = expandWord(`\${${'x'.repeat(5000)}`, env, {escape: '\\'});
  expect('error' in outcome ? outcome.error.length : 0).toBeLessThan(1100);
});
