// `export` of images and of steps, and `import` of what it writes.

import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {membersOf} from './image.ts';

let space: Workspace;
let context: string;

beforeAll(async () => {
  space = await workspaceWithBases();
  context = await space.context({
    Dockerfile: [
      'FROM scratch AS files',
      'COPY a /a',
      'COPY --chown=7:8 --chmod=640 b /dir/b',
      'FROM busybox',
      'RUN ["false"]',
    ].join('\n'),
    a: 'a\n',
    b: 'b\n',
  });
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

const at = (name: string): string => join(space.folder, name);

async function ok(words: readonly string[], input?: Uint8Array): Promise<Buffer> {
  const done = await space.run(words, input === undefined ? {} : {input});
  if (done.code !== 0) throw new Error(`tsbuild ${words.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

describe('export --at', () => {
  it('writes the files as they are after the step, and builds no further', async () => {
    expect(membersOf(await ok(['export', '--at', 'files:1', context]))).toEqual(['a']);
    expect(membersOf(await ok(['export', '--at', 'files', context]))).toEqual(['a', 'dir/', 'dir/b']);
    await ok(['export', '--at', '2', '-o', at('two.tar'), context]);
    expect(membersOf(readFileSync(at('two.tar')))).toEqual(['a']);
    const listed = spawnSync('tar', ['--numeric-owner', '-tvf', '-', 'dir/b'], {
      input: await ok(['export', '--at', 'files:2', context]),
    });
    expect(listed.stdout.toString()).toMatch(/^-rw-r----- 7\/8 /);
  });

  it('writes an empty archive where there is no file yet, and none where the build fails', async () => {
    expect(membersOf(await ok(['export', '--at', '1', context]))).toEqual([]);
    const failed = await space.run(['export', '--at', '5', '-o', at('none.tar'), context]);
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('exit code')]);
    expect(existsSync(at('none.tar'))).toBe(false);
  });

  it('refuses what is not meant: flags of a build for an image, and steps that there are not', async () => {
    const image = await space.run(['export', '--target', 'files', 'busybox']);
    expect(image.code).toBe(2);
    const flag = await space.run(['export', '--build-arg', 'A=b', 'busybox']);
    expect([flag.code, flag.stderr]).toEqual([2, expect.stringContaining('--build-arg is about a build')]);
    const step = await space.run(['export', '--at', 'files:9', context]);
    expect([step.code, step.stderr]).toEqual([
      2,
      expect.stringContaining('files has 2 steps, and no step 9'),
    ]);
  });
});
