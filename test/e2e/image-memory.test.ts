// Whatever is done with an image, its size is no size of ours: bytes go through in pieces. Each command tells the
// memory that it took at most; a layer of 300 MB takes what one of 30 would. TSBUILD_SOAK=1 makes it 10 GB, of which
// 1 GB is data that nothing compresses.

import {randomBytes} from 'node:crypto';
import {closeSync, ftruncateSync, openSync, readFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {repository, type Workspace, workspaceWithBases} from './command.ts';

const hook = join(repository, 'test/support/usage-at-exit.cjs');
const mebibyte = 1 << 20;
const isSoak = process.env['TSBUILD_SOAK'] === '1';
const sizeMib = isSoak ? 10_240 : 300;
let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

/** A file that is large, and quickly made and compressed: holes, with something that is not the same again. */
function makeFile(path: string): void {
  const file = openSync(path, 'w');
  for (let at = 0; at < sizeMib; at += 10) writeSync(file, randomBytes(mebibyte), 0, mebibyte, at * mebibyte);
  ftruncateSync(file, sizeMib * mebibyte);
  closeSync(file);
}

async function memoryOf(args: readonly string[], root?: string): Promise<number> {
  const file = join(space.folder, 'usage');
  const env = {NODE_OPTIONS: `--require=${hook}`, USAGE_FILE: file};
  const run = await space.run(args, {env, ...(root === undefined ? {} : {root})});
  expect(run.stderr.includes('error') ? run.stderr : run.code).toBe(0);
  return (JSON.parse(readFileSync(file, 'utf8')) as {memoryMib: number}).memoryMib;
}

it(`an image of ${sizeMib} MiB is built, exported, pushed, pulled, saved and loaded in less than 200 MB`, async () => {
  const context = await space.context({Dockerfile: 'FROM busybox\nCOPY data /data\n'});
  makeFile(join(context, 'data'));
  const name = `${space.registry?.address}/memory/large:1`;
  const at = (file: string): string => join(space.folder, file);
  const others = at('others');
  const used = {
    build: await memoryOf([
      'build',
      '-t',
      name,
      '-o',
      `type=oci,dest=${at('a.tar')}`,
      '-o',
      'type=image',
      context,
    ]),
    push: await memoryOf(['push', name]),
    save: await memoryOf(['save', '-o', at('b.tar'), name]),
    pull: await memoryOf(['pull', name], others),
    run: await memoryOf(['export', '-o', at('files.tar'), name], others),
    load: await memoryOf(['load', '-i', at('b.tar')], at('third')),
  };
  if (isSoak) process.stderr.write(`MiB of memory: ${JSON.stringify(used)}\n`);
  for (const [command, mebibytes] of Object.entries(used)) expect(mebibytes, command).toBeLessThan(200);
}, 1_800_000);
