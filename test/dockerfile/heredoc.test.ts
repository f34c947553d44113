import {describe, expect, it} from 'vitest';
import {chompTabs, heredocOpening, heredocsOf} from '../../src/dockerfile/heredoc.ts';
import {loadWordGrammar} from '../../src/dockerfile/word-grammar.ts';

await loadWordGrammar();

function namesIn(line: string): unknown {
  const found = heredocsOf(line);
  return 'error' in found ? found.error : found.map(({name}) => name);
}

describe('heredocOpening', () => {
  it.each([
    ['<<EOF', {name: 'EOF', fd: 0, expand: true, chomp: false}],
    ['3<<-EOF', {name: 'EOF', fd: 3, expand: true, chomp: true}],
    ['<<"EOF"', {name: 'EOF', fd: 0, expand: false, chomp: false}],
    ["<<E'O'F", {name: 'EOF', fd: 0, expand: false, chomp: false}],
    ["<<eo\\'f", {name: "eo'f", fd: 0, expand: true, chomp: false}],
    ["<<'one two'", {name: 'one two', fd: 0, expand: false, chomp: false}],
    ['<< EOF', {name: 'EOF', fd: 0, expand: true, chomp: false}],
    ['<<$EOF', {name: '$EOF', fd: 0, expand: true, chomp: false}],
  ])('reads %s', (word, expected) => {
    expect(heredocOpening(word)).toEqual(expected);
  });

  it.each(['<<', '<<<EOF', 'a<<EOF', '"<<EOF"', '<EOF', '<<-', '<<one two'])(
    'does not take %s for one',
    (word) => {
      expect(heredocOpening(word)).toBeUndefined();
    },
  );
});

describe('heredocsOf', () => {
  it('finds every opening of a line in order', () => {
    expect(namesIn('RUN cat <<A 3<<-"B" && echo << C')).toEqual(['A', 'B', 'C']);
  });

  it('finds none in a line whose quotes do not match', () => {
    expect(namesIn("RUN echo it's <<EOF")).toEqual([]);
  });

  it('finds none inside quotes or behind an escape', () => {
    expect(namesIn('RUN echo "<<A" \'<<B\' \\<<C')).toEqual([]);
  });
});

it('chompTabs cuts leading tabs of every line, not blanks', () => {
  expect(chompTabs('\t\ta\n\t b\n c\n')).toBe('a\n b\n c\n');
});
