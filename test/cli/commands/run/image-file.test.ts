import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {withFileHint} from '../../../../src/cli/commands/run/image-file.ts';
import {BuildError, buildError} from '../../../../src/diagnostics/build-error.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-image-file-'));
  for (const name of ['layout', 'project', 'other']) mkdirSync(join(folder, name));
  for (const name of ['app.tar', "it's.tar", 'layout/index.json', 'project/Dockerfile'])
    writeFileSync(join(folder, name), '');
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

function hintsFor(image: string, code = 'run-bad-image'): readonly string[] | undefined {
  const error = withFileHint(buildError('user', code, 'no', {hints: ['as before']}), image, folder);
  return error instanceof BuildError ? error.diagnostics[0].hints : undefined;
}

describe('an IMAGE that is a file', () => {
  it.each([
    ['app.tar', 'run-not-here', 'app.tar is a file: tsbuild load -i app.tar takes'],
    ['./app.tar', 'registry-unreachable', './app.tar is a file: tsbuild load -i ./app.tar takes'],
    ['docker-archive:app.tar', 'registry-unreachable', 'app.tar is a file: tsbuild load -i app.tar takes'],
    ["./it's.tar", 'run-bad-image', "./it's.tar is a file: tsbuild load -i './it'\\''s.tar' takes"],
    [
      './layout/',
      'run-bad-image',
      './layout/ is a layout directory: tar -C ./layout/ -c . | tsbuild load takes',
    ],
    [
      'oci-layout://layout',
      'run-bad-image',
      'layout is a layout directory: tar -C layout -c . | tsbuild load',
    ],
    [
      './project',
      'run-bad-image',
      './project is a directory with a Dockerfile: tsbuild build -t NAME ./project',
    ],
  ])('%s (%s) is told what to do', (image, code, hint) => {
    expect(hintsFor(image, code)).toEqual([expect.stringContaining(hint), 'as before']);
  });

  it.each([
    ['busybox', 'registry-unreachable'],
    ['other', 'run-not-here'],
    ['', 'run-bad-image'],
    ['app.tar/inside', 'run-not-here'],
    ['long'.repeat(2000), 'run-bad-image'],
    ['zero\0byte', 'run-bad-image'],
    ['app.tar', 'exec-not-started'],
  ])('"%s" (%s) is told nothing more', (image, code) => {
    expect(hintsFor(image, code)).toEqual(['as before']);
  });

  it('leaves alone what is no failure of ours', () => {
    const error = new Error('other');
    expect(withFileHint(error, 'app.tar', folder)).toBe(error);
  });
});
