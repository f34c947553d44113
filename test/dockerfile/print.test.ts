import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import {printDockerfile} from '../../src/dockerfile/print.ts';
import {analyzeWithReaders} from '../../src/instructions/readers.ts';
import {anyDockerfile, propertyOptions} from './any-dockerfile.ts';

function print(text: string): string | undefined {
  const {dockerfile, statements} = analyzeWithReaders(sourceFile('Dockerfile', text));
  if (dockerfile === undefined) return undefined;
  const read = statements.slots.flatMap(({statement}) => statement ?? []);
  return printDockerfile(read, dockerfile);
}

/** Everything but where it stood and how it was spaced. */
function treeOf(text: string): unknown {
  const {dockerfile, diagnostics} = analyzeWithReaders(sourceFile('Dockerfile', text));
  if (dockerfile === undefined) return diagnostics.map(({message}) => message);
  return JSON.parse(
    JSON.stringify(dockerfile, (key, value) => {
      if (key === 'span' || key === 'file' || key === 'original') return undefined;
      // Blanks at the end of a trigger stay there only behind a continuation, as in BuildKit.
      return key === 'expression' ? String(value).trimEnd() : value;
    }),
  );
}

describe('a printed Dockerfile', () => {
  it('has an instruction on each line, with its comments and heredocs', () => {
    const text = [
      '# syntax=docker/dockerfile:1',
      '# escape=`',
      '',
      '# check=error=true',
      '#the base',
      'from  a   as b',
      'RUN  --mount=type=cache,target=/x  one `',
      '  # between',
      '  two <<-"END" \t',
      '\tbody',
      '\tEND',
      'CMD [ "a" , "\\u0062" ]',
      'HEALTHCHECK --interval=1s CMD ["x"]',
      'onbuild copy --chown="a b" c `',
      ' d',
    ].join('\n');
    expect(print(text)).toBe(
      [
        '# syntax=docker/dockerfile:1',
        '# escape=`',
        '',
        '# check=error=true',
        '# the base',
        'from a as b',
        'RUN --mount=type=cache,target=/x one   two <<-"END"',
        '\tbody',
        'END',
        'CMD ["a","b"]',
        'HEALTHCHECK --interval=1s CMD ["x"]',
        'onbuild copy --chown="a b" c  d',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['a flag with quotes, blanks and backslashes', 'FROM a\nRUN --mount="type=bind,target=/a b\\\\" x\n'],
    ['words behind the end of the flags', 'FROM a\nRUN -- --not-a-flag\n'],
    ['an argument that ends in the escape character', 'FROM a\nWORKDIR \\\u00a0\nUSER b'],
    ['a comment that would be a directive on the first line', '\n# escape=`\nFROM a\n'],
    ['pairs of the old kind', 'FROM a\nENV a  b = c\nLABEL "x y"=\'z\' q=\\ r\n'],
    ['heredocs of several kinds on a line', 'FROM a\nCOPY <<a <<-"b c" /d/\n1\na\n\t2\nb c\n'],
    ['line ends of another system', 'FROM a\r\nRUN <<X\r\ny\r\nX\r\nENV a=b\r\n'],
    ['a trigger with a heredoc', 'FROM a\nONBUILD RUN <<X\n$y\nX\n'],
  ])('reads again as the same: %s', (_, text) => {
    const printed = print(text);
    expect(printed).toBeDefined();
    expect(treeOf(printed ?? '')).toEqual(treeOf(text));
  });

  it('reads again as the same, whatever was written', () => {
    fc.assert(
      fc.property(anyDockerfile, (text) => {
        const printed = print(text);
        if (printed === undefined) return;
        expect(treeOf(printed)).toEqual(treeOf(text));
        expect(print(printed)).toBe(printed);
      }),
      propertyOptions,
    );
  });
});
