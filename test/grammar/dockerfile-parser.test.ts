import {describe, expect, it} from 'vitest';
import {DockerfileGrammar} from '../../grammar/dockerfile-parser.ts';
import type {ParsedInstruction} from '../../grammar/rule-tools.ts';
import {type ArgumentShape, argumentShapes, textOf} from '../../grammar/tokens.ts';

// Keywords of this test's own: the grammar knows none.
const shapes = new Map(argumentShapes.map((shape) => [shape.toUpperCase(), shape]));
const grammar = new DockerfileGrammar(shapes, {validate: true});

function parse(shape: ArgumentShape | 'unknown', rest: string): unknown {
  const {instruction, problem} = grammar.parse(`${shape}${rest}`, '\\');
  if (instruction !== undefined) return show(instruction);
  return [problem?.kind, problem?.token === undefined ? undefined : textOf(problem.token)];
}

function show({flags, arguments: {tokens, json, nested}}: ParsedInstruction): object {
  return {
    ...(flags.length === 0 ? {} : {flags: flags.map(textOf)}),
    args: tokens.map(textOf),
    ...(json ? {json} : {}),
    ...(nested === undefined ? {} : {nested: show(nested)}),
  };
}

describe('DockerfileGrammar', () => {
  it('has no mistakes that the library would find', () => {
    expect(() => new DockerfileGrammar(shapes, {validate: true})).not.toThrow();
  });

  it.each<[ArgumentShape | 'unknown', string, object]>([
    ['words', ' a  b\tc', {args: ['a', 'b', 'c']}],
    ['words', '', {args: []}],
    ['image', ' a', {args: ['a']}],
    ['image', ' a aS b', {args: ['a', 'aS', 'b']}],
    ['image', ' as as as', {args: ['as', 'as', 'as']}],
    ['array-or-words', ' ["a", "b c"]', {args: ['a', 'b c'], json: true}],
    ['array-or-words', ' ["a", "b" c', {args: ['["a",', '"b"', 'c']}],
    ['array-or-line', ' [ "a\\n\\u00e9" ]', {args: ['a\né'], json: true}],
    ['array-or-line', ' []', {args: [], json: true}],
    ['array-or-line', " ['a']", {args: ["['a']"]}],
    ['array-or-line', ' a  [ "b" ]', {args: ['a  [ "b" ]']}],
    ['array-or-line', ' ["\\ud800"]', {args: ['\ufffd'], json: true}],
    ['type-and-command', ' CMD ["a"]', {args: ['CMD', 'a'], json: true}],
    ['type-and-command', ' CMD a  b', {args: ['CMD', 'a  b']}],
    ['pairs', ' a=b  c="d e"', {args: ['a=b', 'c="d e"']}],
    ['pairs', ' a b=c  d', {args: ['a', 'b=c  d']}],
    ['pairs', ' "a b" c', {args: ['"a', 'b" c']}],
    ['declarations', ' a b="c d" e\\ f', {args: ['a', 'b="c d"', 'e\\ f']}],
    ['line', ' a  b ', {args: ['a  b ']}],
    ['nested', ' words a b', {args: [], nested: {args: ['a', 'b']}}],
    ['nested', ' nested line x', {args: [], nested: {args: ['line x']}}],
    ['nested', ' nonsense x', {args: [], nested: {args: ['x']}}],
    ['unknown', ' a b', {args: ['a b']}],
  ])('reads the shape %s in %j', (shape, rest, expected) => {
    expect(parse(shape, rest)).toEqual(expected);
  });

  it('reads flags before the arguments only', () => {
    expect(parse('words', ' --a --b="c d" e --f')).toEqual({flags: ['--a', '--b=c d'], args: ['e', '--f']});
    expect(parse('array-or-line', ' --a=b ["c"]')).toEqual({flags: ['--a=b'], args: ['c'], json: true});
    expect(parse('nested', ' --a words --b c')).toEqual({
      flags: ['--a'],
      args: [],
      nested: {flags: ['--b'], args: ['c']},
    });
  });

  it('ends flags at a lone --, quoted or not', () => {
    expect(parse('words', ' --a -- --b')).toEqual({flags: ['--a'], args: ['--b']});
    expect(parse('words', ' --"" --b')).toEqual({args: ['--b']});
  });

  it.each<[ArgumentShape, string, unknown]>([
    ['image', '', ['image-arguments', undefined]],
    ['image', ' a b', ['image-arguments', 'b']],
    ['image', ' a as', ['image-arguments', undefined]],
    ['image', ' a as b c', ['image-arguments', 'c']],
    ['array-or-words', ' ["a", 1]', ['array-of-strings', '1]']],
    ['array-or-line', ' [["a"]]', ['array-of-strings', '["a"]]']],
    ['type-and-command', ' CMD [null]', ['array-of-strings', 'null]']],
    ['pairs', ' a', ['value-missing', undefined]],
    ['pairs', ' a=b c', ['equals-missing', 'c']],
    ['nested', ' pairs a', ['value-missing', undefined]],
  ])('refuses %s with %j', (shape, rest, expected) => {
    expect(parse(shape, rest)).toEqual(expected);
  });

  it('takes the keyword in any case and gives it as written', () => {
    const {keywords} = grammar.parse('NeStEd WoRdS a', '\\');
    expect(keywords.map(textOf)).toEqual(['NeStEd', 'WoRdS']);
    expect(keywords.map((keyword) => grammar.shapeOf(keyword))).toEqual(['nested', 'words']);
  });

  it('survives a line of nothing but nested keywords', () => {
    expect(() => grammar.parse('nested '.repeat(50_000), '\\')).not.toThrow();
  });

  it('says of an empty line that there is nothing', () => {
    expect(grammar.parse('', '\\')).toEqual({instruction: undefined, problem: undefined, keywords: []});
  });

  it('escapes with the character it is given, line by line', () => {
    const args = (character: string) =>
      grammar.parse('declarations a` b\\ c', character).instruction?.arguments.tokens.map(textOf);
    expect(args('`')).toEqual(['a` b\\', 'c']);
    expect(args('\\')).toEqual(['a`', 'b\\ c']);
  });
});
