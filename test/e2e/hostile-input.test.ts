// Ten megabytes of what nobody means: parsed or refused within two seconds and 300 MB, by a command of its own for each
// text. Processor time is measured, since other work makes the clock useless, and may be several times what an idle
// machine takes; what the limit is after is work that grows with the square of the input, which takes minutes.

import {spawnSync} from 'node:child_process';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {assertBuilt, repository, type Workspace, workspace} from './command.ts';

const size = 10 * 1024 * 1024;
const cpuSecondsMax = 2;
/** Two processors that share a core each take twice the time. */
const loadFactor = 4;
const memoryMibMax = 300;

/** `unit` over and over, between a beginning and an end. */
function filled(unit: string, head = 'FROM scratch\n', tail = '\n'): string {
  return head + unit.repeat(Math.floor((size - head.length - tail.length) / unit.length)) + tail;
}

function numbered(lineOf: (index: number) => string): string {
  const lines: string[] = [];
  for (let length = 0; length < size; length += lines.at(-1)?.length ?? 0) lines.push(lineOf(lines.length));
  return lines.join('');
}

const deep = (levels: number): string => `\${a:-${'${a:-'.repeat(levels)}x${'}'.repeat(levels + 1)}`;

const texts: Readonly<Record<string, () => string | Buffer>> = {
  'substitutions inside each other': () => filled(`ENV a=${deep(8000)}\n`),
  'lines of deep substitutions': () => filled(`ENV a=${deep(150)}\n`),
  'continuations of nothing': () => filled('\\\n', 'FROM scratch\nRUN a '),
  'continued words': () => filled('a \\\n', 'FROM scratch\nCOPY '),
  'empty lines in a continuation': () => filled('\n', 'FROM scratch\nRUN a \\\n', 'b\n'),
  'comments in a continuation': () => filled('#\n', 'FROM scratch\nRUN a \\\n', 'b\n'),
  flags: () => filled('--a=b \\\n', 'FROM scratch\nRUN '),
  comments: () => filled('# c\n', '', 'FROM scratch\n'),
  directives: () => filled('# escape=`\n', '', 'FROM scratch\n'),
  'one line': () => filled('a'),
  'heredocs on one instruction': () => filled('<<E \\\n', 'FROM scratch\nRUN cat '),
  'heredocs on many': () => filled('RUN <<E\nx\nE\n'),
  'a heredoc without an end': () => filled('x\n', 'FROM scratch\nRUN <<E\n'),
  'a heredoc of lines': () => filled('x\n', 'FROM scratch\nCOPY <<E /a\n', 'E\n'),
  'a heredoc of variables': () => filled('$x ${y}\n', 'FROM scratch\nCOPY <<E /a\n', 'E\n'),
  NULs: () => '\0'.repeat(size),
  'lines of NULs': () => filled('RUN \0\0\0\n'),
  'bytes that are no text': () => Buffer.from(filled('RUN \u00ff\u00fe\n'), 'latin1'),
  'a long array': () => filled('"a", \\\n', 'FROM scratch\nRUN [', '"b"]\n'),
  'arrays inside each other': () => filled('[ \\\n', 'FROM scratch\nRUN '),
  'pairs of ENV': () => filled('a=b \\\n', 'FROM scratch\nENV '),
  ENVs: () => numbered((index) => (index === 0 ? 'FROM scratch\n' : `ENV a${index}=$a${index - 1}b\n`)),
  stages: () => numbered((index) => `FROM ${index === 0 ? 'scratch' : `a${index - 1}`} AS a${index}\n`),
  'global ARGs': () => numbered((index) => `ARG a${index}=b\n`),
  'an ONBUILD of ONBUILDs': () => filled('ONBUILD \\\n'),
  ONBUILDs: () => filled('ONBUILD RUN a\n'),
  quotes: () => filled(`" ' \\\n`, 'FROM scratch\nENV a='),
  'lines with an open quote': () => filled('ENV a="\n'),
  'unknown instructions': () => filled('FOO\n'),
  'undefined variables': () => filled('COPY $a /\n'),
  'exposed ports': () => filled('EXPOSE 0-65535\n'),
  'a value that doubles': () => `FROM scratch\nENV x=abcdefgh\n${'ENV x=$x$x\n'.repeat(60)}`,
  'a pattern of stars': () => starred(`\${x##${'*a'.repeat(400)}b}`),
  'a pattern to replace': () => starred(`\${x//${'*a'.repeat(20)}b/c}`),
  'patterns on many lines': () => starred('${x##*a*a*a*b}\nENV y='.repeat(4000)),
  'lines with blanks': () => filled(`${' '.repeat(60_000)}\\\n`, 'FROM scratch\nRUN ', 'a\n'),
  'carriage returns': () => filled('\r'),
};

function starred(word: string): string {
  return `FROM scratch\nENV x=${'a'.repeat(60_000)}\nENV y=${word}\n`;
}

interface Usage {
  readonly cpuSeconds: number;
  readonly memoryMib: number;
}

let space: Workspace;
beforeAll(async () => {
  assertBuilt();
  space = await workspace();
  await mkdir(join(space.folder, 'empty'));
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

async function run(
  args: readonly string[],
  input = '',
): Promise<{readonly usage: Usage; readonly output: string}> {
  const usageFile = join(space.folder, 'usage.json');
  const hook = join(repository, 'test/support/usage-at-exit.cjs');
  const {stdout, stderr, status, signal} = spawnSync(
    process.execPath,
    ['--require', hook, join(repository, 'dist/tsbuild.cjs'), ...args],
    {input, env: {...process.env, USAGE_FILE: usageFile}, timeout: 120_000, maxBuffer: 64 * 1024 * 1024},
  );
  const output = stdout.toString() + stderr.toString();
  // Parsed, found wanting, or refused: never a crash.
  expect([0, 1], `${signal ?? ''} ${output.slice(-1000)}`).toContain(status);
  return {usage: JSON.parse(await readFile(usageFile, 'utf8')) as Usage, output};
}

describe('10 MB', () => {
  it.each(Object.entries(texts))('of %s', async (_, text) => {
    const file = join(space.folder, 'Dockerfile');
    await writeFile(file, text());
    // The check reads it as `debug parse` does, and then looks further.
    const args = ['build', '--root', space.root, '--check', '-f', file, join(space.folder, 'empty')];
    const {usage} = await run(args);
    expect(usage.cpuSeconds).toBeLessThan(cpuSecondsMax * loadFactor);
    expect(usage.memoryMib).toBeLessThan(memoryMibMax);
  });

  it.each([
    ['patterns', 'a\n'],
    ['patterns of stars', `${'*a'.repeat(30)}b\n`],
    ['patterns of directories', `${'**/a/'.repeat(30)}b\n`],
    ['long patterns', `${'a/'.repeat(30_000)}\n`],
    ['empty lines', '\n'],
  ])('of %s in an ignore file', async (_, unit) => {
    const question = JSON.stringify({ignore: filled(unit, ''), files: ['a'.repeat(200), 'a/'.repeat(100)]});
    const {usage} = await run(['debug', 'ignore'], question);
    expect(usage.cpuSeconds).toBeLessThan(cpuSecondsMax * loadFactor);
    expect(usage.memoryMib).toBeLessThan(memoryMibMax);
  });

  it('of a line are shown in a few', async () => {
    const file = join(space.folder, 'Dockerfile');
    await writeFile(file, filled('a'));
    const {output} = await run(['build', '--root', space.root, '--check', '-f', file, space.folder]);
    expect(output).toContain('dockerfile line greater than max allowed size of 65535');
    expect(output.length).toBeLessThan(10_000);
  });
});
