import {describe, expect, it} from 'vitest';
import {LineReader, type LogicalLine, lineBytesMax, placeOf} from '../../grammar/logical-lines.ts';

function linesOf(text: string): LogicalLine[] {
  const reader = new LineReader(text);
  const lines: LogicalLine[] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next()) lines.push(line);
  return lines;
}

describe('LineReader', () => {
  it('leaves out empty lines and comments, and counts them', () => {
    const lines = linesOf('\n# c\n  FROM a  \r\n\n\tRUN b');
    expect(lines.map(({text, firstLine}) => [text, firstLine])).toEqual([
      ['FROM a  ', 3],
      ['RUN b', 5],
    ]);
  });

  it('joins continued lines without a blank, keeping those at their beginnings', () => {
    const [line] = linesOf('RUN a \\\n  b\\ \t\nc');
    expect(line?.text).toBe('RUN a   bc');
    expect([line?.firstLine, line?.lastLine]).toEqual([1, 3]);
  });

  it('does not take two escape characters for a continuation', () => {
    expect(linesOf('RUN a \\\\\nRUN b').map(({text}) => text)).toEqual(['RUN a \\\\', 'RUN b']);
  });

  it('drops comments inside a continuation, with what they seem to continue', () => {
    expect(linesOf('RUN a \\\n  # no \\\n  b\nRUN c').map(({text}) => text)).toEqual(['RUN a   b', 'RUN c']);
  });

  it('goes on behind empty lines in a continuation, and says so', () => {
    const [line] = linesOf('RUN a \\\n\n  \n b');
    expect(line?.text).toBe('RUN a  b');
    expect(line?.emptyContinuation).toBe(true);
  });

  it('accepts a continuation at the end of the file', () => {
    expect(linesOf('RUN a \\').map(({text}) => text)).toEqual(['RUN a ']);
    expect(linesOf('\\\n').map(({text}) => text)).toEqual(['']);
  });

  it('continues with the escape character that the directive names', () => {
    expect(linesOf('# escape=`\nRUN a `\n b\\\nRUN c').map(({text}) => text)).toEqual([
      'RUN a  b\\',
      'RUN c',
    ]);
  });

  it('collects the comments above a line; a bare # begins anew, a directive is none', () => {
    const lines = linesOf('# syntax=x\n# one\n#\n# two\n\n#three\nFROM a\nRUN b');
    expect(lines.map(({comments}) => comments)).toEqual([['two', 'three'], []]);
  });

  it('keeps the # of an indented comment, as docker does', () => {
    expect(linesOf('  # x\nFROM a')[0]?.comments).toEqual(['# x']);
  });

  it('skips a byte order mark', () => {
    const [line] = linesOf('\ufeffFROM a');
    expect(line?.text).toBe('FROM a');
    expect(placeOf(line as LogicalLine, 0)).toEqual({line: 1, column: 1});
  });

  it('reports directives that are wrong', () => {
    const reader = new LineReader('# escape=x\n# escape=`\nFROM a');
    expect(reader.next()?.text).toBe('FROM a');
    expect(reader.problems).toEqual([
      {kind: 'bad-escape', line: 1, detail: 'x'},
      {kind: 'repeated-directive', line: 2, detail: 'escape'},
    ]);
  });

  it('stops at a line that is too long, counted in bytes', () => {
    const fits = `RUN ${'ü'.repeat((lineBytesMax - 5) / 2)}`;
    expect(linesOf(`${fits}\nRUN b`)).toHaveLength(2);
    const reader = new LineReader(`FROM a\n${fits}üü\nRUN b`);
    expect(reader.next()?.text).toBe('FROM a');
    expect(reader.next()).toBeUndefined();
    expect(reader.problems).toMatchObject([{kind: 'line-too-long', line: 2}]);
  });
});

describe('readHeredoc', () => {
  it('gives the body as it stands, CRLF and comments included', () => {
    const reader = new LineReader('RUN <<EOF\n# a \\\r\n\n b\nEOF\nRUN c');
    reader.next();
    expect(reader.readHeredoc('EOF', false)).toBe('# a \\\r\n\n b\n');
    expect(reader.linesRead).toBe(5);
    expect(reader.next()?.text).toBe('RUN c');
  });

  it('finds an indented end only where tabs are cut', () => {
    const text = 'RUN <<-EOF\n\ta\n\tEOF\n';
    const chomping = new LineReader(text);
    chomping.next();
    expect(chomping.readHeredoc('EOF', true)).toBe('\ta\n');
    const strict = new LineReader(text);
    strict.next();
    expect(strict.readHeredoc('EOF', false)).toBeUndefined();
  });
});

it('placeOf finds the source of a character in a continued line', () => {
  const [line] = linesOf('  RUN ab \\\n# comment\n  cd \\\nef');
  const place = (word: string) => placeOf(line as LogicalLine, line?.text.indexOf(word) ?? -1);
  expect(line?.text).toBe('RUN ab   cd ef');
  expect(place('RUN')).toEqual({line: 1, column: 2});
  expect(place('ab')).toEqual({line: 1, column: 6});
  expect(place('cd')).toEqual({line: 3, column: 2});
  expect(place('ef')).toEqual({line: 4, column: 0});
});
