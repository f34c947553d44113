import {describe, expect, it} from 'vitest';
import type {Flag} from '../../src/dockerfile/ast.ts';
import {readFlags} from '../../src/dockerfile/flags.ts';
import type {FlagKind, Problem} from '../../src/dockerfile/instruction-reader.ts';

const kinds: Readonly<Record<string, FlagKind>> = {from: 'text', link: 'switch', exclude: 'list'};
const span = {line: 1, column: 0, endLine: 1, endColumn: 1};

function read(...texts: string[]) {
  const flags = texts.map((text): Flag => {
    const [name = '', ...value] = text.slice(2).split('=');
    return {name, text, span, ...(text.includes('=') ? {value: value.join('=')} : {})};
  });
  const problems: Problem[] = [];
  const values = readFlags(flags, kinds, (problem) => problems.push(problem));
  return {values, problems: problems.map(({message, hints}) => [message, ...(hints ?? [])])};
}

describe('readFlags', () => {
  it('gives values, and nothing for flags that are not there', () => {
    const {values} = read('--from=a=b', '--exclude=x', '--exclude=y');
    expect(values?.text('from')).toBe('a=b');
    expect(values?.list('exclude')).toEqual(['x', 'y']);
    expect(values?.isOn('link')).toBeUndefined();
    expect(values?.all('link')).toEqual([]);
  });

  it.each([
    ['--link', true],
    ['--link=TRUE', true],
    ['--link=False', false],
  ])('reads the switch %s', (text, expected) => {
    expect(read(text).values?.isOn('link')).toBe(expected);
  });

  it('accepts an empty text', () => {
    expect(read('--from=').values?.text('from')).toBe('');
  });

  it.each([
    [['--form=a'], ['unknown flag: --form', 'did you mean --from?']],
    [['--constructor'], ['unknown flag: --constructor']],
    [['--from'], ['missing a value on flag: --from', 'the value stands behind an equals sign: --from=VALUE']],
    [
      ['--exclude'],
      ['missing a value on flag: --exclude', 'the value stands behind an equals sign: --exclude=VALUE'],
    ],
    [['--link='], ['missing a value on flag: --link']],
    [
      ['--link=1'],
      ['expecting boolean value for flag --link, not: 1', 'write --link, --link=true or --link=false'],
    ],
    [['--from=a', '--from=b'], ['duplicate flag specified: --from']],
  ])('refuses %j', (texts, expected) => {
    const {values, problems} = read(...texts);
    expect(values).toBeUndefined();
    expect(problems).toEqual([expected]);
  });

  it('reports every mistake', () => {
    expect(read('--a', '--from', '--link=x').problems).toHaveLength(3);
  });
});
