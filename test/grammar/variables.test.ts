import {describe, expect, it} from 'vitest';
import {VariableGrammar, type WordPart} from '../../grammar/variables.ts';

const grammar = new VariableGrammar({validate: true});

function parse(word: string, character = '\\', skipQuotes = false): string {
  return show(grammar.parse(word, {escape: character, skipQuotes}));
}

/** A notation short enough to compare: {name op word}, with ! where an end is missing. */
function show(parts: readonly WordPart[]): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case 'text':
          return part.text;
        case 'escaped':
          return `(${part.doubled ? 'lone' : part.text})`;
        case 'single':
          return `'${part.text}${part.closed ? "'" : '!'}`;
        case 'double':
          return `"${show(part.parts)}${part.closed ? '"' : '!'}`;
        case 'variable':
          return `{${part.name}}`;
        case 'operation':
          return `{${part.name} ${part.operator} ${show(part.word)}${part.closed ? '}' : '!'}`;
        case 'replacement': {
          const pattern = `${show(part.pattern)}${part.patternClosed ? '' : '!'}`;
          return `{${part.name} ${part.all ? '//' : '/'} ${pattern} ${show(part.replacement)}${part.closed ? '}' : '!'}`;
        }
        default:
          return `[${part.message}]`;
      }
    })
    .join('');
}

describe('VariableGrammar', () => {
  it('has no mistakes that the library would find', () => {
    expect(() => new VariableGrammar({validate: true})).not.toThrow();
  });

  it.each([
    ['a}b/c', 'a}b/c'],
    ['$a', '{a}'],
    ['$ab_1.c', '{ab_1}.c'],
    ['$12a', '{12}a'],
    ['$@$$', '{@}{$}'],
    ['$.x$', '$.x$'],
    ['${a}b', '{a}b'],
    ['${한국}', '{한국}'],
    ['${a:-b c}d', '{a :- b c}d'],
    ['${a-${b+"}"}}', '{a - {b + "}"}}'],
    ['${a##*/}', '{a # #*/}'],
    ['${a/b/c}', '{a / b c}'],
    ['${a//\\//$c}', '{a // (/) {c}}'],
    ['${a/"/"/b}', '{a / "/" b}'],
    ['\\$a', '($)a'],
    ['a\\', 'a()'],
    ["'$a\\'b", "'$a\\'b"],
    ['"$a\\n\\""', '"{a}(lone)n(")"'],
  ])('reads %j', (word, expected) => {
    expect(parse(word)).toBe(expected);
  });

  it.each([
    ["'a", "'a!"],
    ['"a', '"a!'],
    ['${a:-b', '{a :- b!'],
    ['${a/b', '{a / b! !'],
    ['${a/b/c', '{a / b c!'],
    ['${}', '[syntax error: bad substitution]'],
    ['${:a}', '[syntax error: bad substitution]'],
    ['${', "[syntax error: missing '}']"],
    ['${a', '[unsupported modifier (\ufffd) in substitution]'],
    ['${a:', "[syntax error: missing '}']"],
    ['${a@b}', '[unsupported modifier (@) in substitution]'],
    ['${a:#b}', '[unsupported modifier (:#) in substitution]'],
    ['${a:=b}', '{a := b}'],
  ])('marks what is wrong with %j', (word, expected) => {
    expect(parse(word)).toBe(expected);
  });

  it('escapes with the character it is given', () => {
    expect(parse('`$a\\$b', '`')).toBe('($)a\\{b}');
  });

  it('gives plain data, so that parts can be kept', () => {
    for (const word of ['${a:-b', '${a/b', '${a/b/c}', '"$a\\n', '${}']) {
      const parts = grammar.parse(word, {escape: '\\', skipQuotes: false});
      expect(JSON.parse(JSON.stringify(parts))).toEqual(parts);
    }
  });

  it('gives up on what is nested too deeply, not on what is long', () => {
    expect(parse('${a:-'.repeat(10_000))).toBe('[more than 200 substitutions inside each other]');
    expect(parse('${a:-b}'.repeat(1000))).toBe('{a :- b}'.repeat(1000));
    expect(parse('${a/b/c}'.repeat(1000))).toBe('{a / b c}'.repeat(1000));
  });

  it('takes quotes for text when told so, also inside braces', () => {
    expect(parse('"$a" \'${b:-"c"}', '\\', true)).toBe('"{a}" \'{b :- "c"}');
  });
});
