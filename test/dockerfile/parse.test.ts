import {describe, expect, it} from 'vitest';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import {parseDockerfile, parseInstructionText} from '../../src/dockerfile/parse.ts';
import {instructionsMax} from '../../src/dockerfile/statements.ts';
import {parseWithReaders, readers} from '../../src/instructions/readers.ts';
import {readDockerfile} from '../support/read-instruction.ts';

function problemsIn(text: string): string[] {
  const {diagnostics, dockerfile} = parseWithReaders(sourceFile('Dockerfile', text));
  if (diagnostics.some(({severity}) => severity === 'error')) expect(dockerfile).toBeUndefined();
  return diagnostics.map(({severity, message, span}) => {
    const place = `${span?.line}:${span?.column}-${span?.endLine}:${span?.endColumn}`;
    return severity === 'error' ? `${place} ${message}` : `${place} warning ${message}`;
  });
}

describe('parseDockerfile', () => {
  it('divides a file into global arguments and stages', () => {
    const {metaArgs, stages, ...rest} = readDockerfile(
      'ARG V=1\nFROM a:$V AS Build\nRUN x\nfrom --platform=p build\nCOPY --from=build /a /b\n',
    );
    expect(rest.escape).toBe('\\');
    expect(metaArgs.map(({args}) => args)).toEqual([[{key: 'V', value: '1'}]]);
    expect(stages.map(({name, from}) => [name, from.image, from.platform])).toEqual([
      ['build', 'a:$V', undefined],
      ['', 'build', 'p'],
    ]);
    expect(stages.map(({instructions}) => instructions.map(({keyword}) => keyword))).toEqual([
      ['RUN'],
      ['COPY'],
    ]);
  });

  it('keeps directives', () => {
    const parsed = readDockerfile('# syntax=a/b\n# escape=`\n# check=skip=all\nFROM a\n');
    expect(parsed.escape).toBe('`');
    expect(parsed.directives).toEqual({syntax: 'a/b', check: 'skip=all'});
  });

  it('gives instructions their whole extent, heredocs included', () => {
    const {stages} = readDockerfile('FROM a\nRUN x \\\n  y\nCOPY <<A <<B /\na\nA\nb\nB\nUSER u\n');
    expect(stages[0]?.instructions.map(({span}) => span)).toEqual([
      {line: 2, column: 0, endLine: 3, endColumn: 3},
      {line: 4, column: 0, endLine: 8, endColumn: 1},
      {line: 9, column: 0, endLine: 9, endColumn: 6},
    ]);
  });

  it('counts continuations above the keyword as a part of the instruction', () => {
    const {stages} = readDockerfile('FROM a\n  \\\n\\\n # b\n RUN x\n');
    expect(stages[0]?.instructions.map(({span}) => span)).toEqual([
      {line: 2, column: 2, endLine: 5, endColumn: 6},
    ]);
  });

  it('keeps what stands above an instruction and how it is written', () => {
    const {stages} = readDockerfile('FROM a\n# check=skip=X\nrun  x \\\n  # inner\n  y  \n');
    expect(stages[0]?.instructions[0]).toMatchObject({original: 'run  x   y', comments: ['check=skip=X']});
  });

  it('keeps a byte order mark in the middle, which is no blank', () => {
    const {stages} = readDockerfile('FROM a\nCMD \ufeff\n');
    expect(stages[0]?.instructions[0]).toMatchObject({original: 'CMD \ufeff', command: {args: ['\ufeff']}});
  });

  it('is plain data, apart from the file', () => {
    const {file, ...rest} = readDockerfile(
      'ARG A\nFROM a\nRUN --mount=type=cache,target=/x <<E\nx\nE\nENV a=b\n',
    );
    expect(file.path).toBe('Dockerfile');
    expect(JSON.parse(JSON.stringify(rest))).toEqual(rest);
  });

  it('warns of empty lines in continuations and builds all the same', () => {
    expect(problemsIn('FROM a\nRUN b \\\n\n c\n')).toEqual([
      '4:0-4:2 warning Empty continuation line found in: RUN b  c',
    ]);
  });

  it('accepts a file with nothing but arguments', () => {
    expect(readDockerfile('ARG A\n').stages).toEqual([]);
  });

  it.each(['', '\n', '# syntax=a/b\n', '# comment'])('refuses %j, which has no instructions', (text) => {
    expect(problemsIn(text)).toEqual([expect.stringContaining('file with no instructions')]);
  });

  it('reports all mistakes of a file in their order', () => {
    const text = [
      'FROM a AS 1',
      'RNU x',
      'COPY --form=b \\',
      '  c d',
      'ENV a=b c',
      'WORKDIR',
      'CMD ["a", 1]',
      'LABEL =x',
    ].join('\n');
    expect(problemsIn(text)).toEqual([
      `1:10-1:11 invalid name for build stage: "1", name can't start with a number or contain symbols`,
      '2:0-2:3 unknown instruction: RNU',
      '3:5-3:13 unknown flag: --form',
      `5:8-5:9 Syntax error - can't find = in "c". Must be of the form: name=value`,
      '6:0-6:7 WORKDIR requires exactly one argument',
      '7:10-7:12 when using JSON array syntax, arrays must be comprised of strings only',
      '8:6-8:8 LABEL names can not be blank',
    ]);
  });

  it('suggests the instruction that was meant', () => {
    const {diagnostics} = parseWithReaders(sourceFile('Dockerfile', 'FROM a\nCOYP a b\n'));
    expect(diagnostics[0]?.hints).toEqual(['did you mean COPY?']);
  });

  it('reports an instruction above the first FROM once', () => {
    expect(problemsIn('RUN a\nCOPY b c\nFROM d\n')).toEqual(['1:0-1:3 no build stage in current context']);
  });

  it('does not report what follows a FROM that is broken', () => {
    expect(problemsIn('FORM a\nRUN b\n')).toEqual(['1:0-1:4 unknown instruction: FORM']);
    expect(problemsIn('FROM a b\nRUN b\n')).toEqual(['1:7-1:8 FROM requires either one or three arguments']);
  });

  it('points at the name of a heredoc that does not end', () => {
    expect(problemsIn('FROM a\nRUN <<EOF\nFROM b\n')).toEqual(['2:6-2:9 unterminated heredoc']);
  });

  it('has places for words on continued lines', () => {
    expect(problemsIn('FROM a\nADD \\\n  --chowm=b \\\n  c d\n')).toEqual(['3:2-3:11 unknown flag: --chowm']);
  });

  it('knows only the instructions whose readers it is given', () => {
    const some = readers.filter(({keyword}) => keyword === 'FROM');
    const {diagnostics} = parseDockerfile(sourceFile('Dockerfile', 'FROM a\nRUN b\n'), {readers: some});
    expect(diagnostics.map(({message}) => message)).toEqual(['unknown instruction: RUN']);
  });
});

describe('limits', () => {
  const messages = (text: string) =>
    parseDockerfile(sourceFile('Dockerfile', text), {readers}).diagnostics.map(({message}) => message);

  it('refuse more instructions than any image has', () => {
    expect(messages(`FROM a\n${'RUN b\n'.repeat(instructionsMax - 1)}`)).toEqual([]);
    expect(messages(`FROM a\n${'RUN b\n'.repeat(instructionsMax + 10)}`)).toEqual([
      'more than 5000 instructions',
    ]);
  });

  it('refuse more words than anybody writes, and as many variables', () => {
    const expected = ['more than 100000 words, variables and quotes in all instructions'];
    const many = (word: string, rest: string) =>
      `FROM a\n${`${`${word} `.repeat(9000)}\n`.replace(/^/, rest).repeat(12)}`;
    expect(messages(many('a', 'COPY '))).toEqual(expected);
    expect(messages(many('$a', 'RUN '))).toEqual(expected);
    expect(messages(`FROM a\nCOPY <<E /b\n${'$a $b\n'.repeat(60_000)}E\n`)).toEqual(expected);
  });

  it('do not count what is not looked at: comments, and heredocs that nobody expands', () => {
    expect(
      messages(`FROM a\n${'# "$a"\n'.repeat(60_000)}COPY <<'E' /b\n${'$a\n'.repeat(120_000)}E\n`),
    ).toEqual([]);
  });

  it('refuse an instruction that is longer than Linux takes a command', () => {
    expect(messages(`FROM a\nRUN ${`${'x'.repeat(50_000)}\\\n`.repeat(6)}y\n`)).toEqual([
      'instruction longer than 262144 characters',
    ]);
  });
});

describe('parseInstructionText', () => {
  it('reads an instruction as ONBUILD keeps it', () => {
    const {instruction} = parseInstructionText('COPY <<E /x\n\ta\nE', {readers});
    expect(instruction).toMatchObject({
      keyword: 'COPY',
      destination: '/x',
      sourceHeredocs: [{content: '\ta\n'}],
    });
  });

  it.each([
    ['RUN a\nRUN b', 'onbuild trigger should be a single expression'],
    ['FROM a', 'onbuild trigger should be a single expression'],
    ['', 'file with no instructions'],
    ['COPY a', 'COPY requires at least two arguments'],
  ])('refuses %j', (text, message) => {
    const {instruction, diagnostics} = parseInstructionText(text, {readers});
    expect(instruction).toBeUndefined();
    expect(diagnostics[0]?.message).toContain(message);
  });
});
