import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {BuildError} from '../../../src/diagnostics/build-error.ts';
import {readIgnoreRules} from '../../../src/sources/local/ignore-rules.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tsbuild-ignore-'));
});

afterEach(() => rm(directory, {recursive: true, force: true}));

const write = (name: string, text: string) => writeFile(join(directory, name), text);

async function patternsOf(dockerfile?: string): Promise<string[] | undefined> {
  const path = dockerfile === undefined ? undefined : join(directory, dockerfile);
  const {matcher} = await readIgnoreRules(directory, path);
  return matcher?.patterns.map(({text}) => text);
}

describe('readIgnoreRules', () => {
  it('prefers the file of the Dockerfile, even an empty one', async () => {
    await write('.dockerignore', 'common\n');
    expect(await patternsOf('Dockerfile')).toEqual(['common']);
    expect(await patternsOf()).toEqual(['common']);
    await write('Dockerfile.dockerignore', 'own\n');
    expect(await patternsOf('Dockerfile')).toEqual(['own']);
    expect(await patternsOf('other.Dockerfile')).toEqual(['common']);
    await write('Dockerfile.dockerignore', '# nothing\n');
    expect(await patternsOf('Dockerfile')).toBeUndefined();
  });

  it('ignores nothing without a file, or when the name is a directory', async () => {
    expect(await patternsOf('Dockerfile')).toBeUndefined();
    await mkdir(join(directory, '.dockerignore'));
    expect(await patternsOf('Dockerfile')).toBeUndefined();
  });

  it('shows the line of a pattern that it cannot read', async () => {
    await write('.dockerignore', 'fine\n\n!\n');
    const error = await readIgnoreRules(directory, undefined).catch((reason: BuildError) => reason);
    expect(error).toMatchObject({
      kind: 'user',
      message: 'illegal exclusion pattern: "!"',
      diagnostics: [{file: {path: '.dockerignore'}, span: {line: 3, column: 0, endLine: 3, endColumn: 1}}],
    });
    await write('.dockerignore', 'a[\n');
    await expect(readIgnoreRules(directory, undefined)).rejects.toThrow('syntax error in pattern: "a["');
  });

  it('refuses a line that is too long', async () => {
    await write('.dockerignore', 'a'.repeat(70_000));
    await expect(readIgnoreRules(directory, undefined)).rejects.toThrow('bufio.Scanner: token too long');
  });
});
