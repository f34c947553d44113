// `export` of images and of steps, and `import` of what it writes.

import {spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {membersOf} from './image.ts';
import {needCommand} from './requirements.ts';

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

describe('import', () => {
  it('makes an image of what export writes, which is built upon', async () => {
    const files = await ok(['export', '--at', 'files', context]);
    const id = (await ok(['import', '-c', 'CMD ["/a"]', '-m', 'by hand', '-', 'taken:1'], files)).toString();
    const [image] = JSON.parse((await ok(['inspect', 'taken:1'])).toString()) as Record<string, unknown>[];
    expect(image).toMatchObject({Id: id.trim(), Comment: 'by hand', RepoTags: ['taken:1']});
    expect(image).toMatchObject({Config: {Cmd: ['/a'], Env: null}, RootFS: {Layers: [expect.any(String)]}});
    expect((await ok(['verify', 'taken:1'])).toString()).toBe('ok\n');
    expect((await ok(['export', 'taken:1'])).equals(files)).toBe(true);
    const onTop = await space.context({Dockerfile: 'FROM taken:1\nCOPY c /dir/\n', c: 'c\n'});
    await ok(['build', '-o', `type=tar,dest=${at('top.tar')}`, onTop]);
    expect(membersOf(readFileSync(at('top.tar')))).toEqual(['a', 'dir/', 'dir/b', 'dir/c']);
  });

  it('takes what gzip, bzip2, xz and zstd make of it, and tells in the history where it came from', async (test) => {
    for (const command of ['bzip2', 'xz', 'zstd']) needCommand(test, command);
    const files = await ok(['export', '--at', 'files:1', context]);
    const programs = ['gzip', 'bzip2', 'xz', 'zstd'];
    for (const program of programs) {
      writeFileSync(at(program), spawnSync(program, ['-c'], {input: files}).stdout);
      await ok(['import', at(program), `packed:${program}`]);
    }
    const format = '{{.Comment}} {{.RootFS.Layers}}';
    const names = programs.map((program) => `packed:${program}`);
    const told = (await ok(['inspect', '--format', format, ...names])).toString().trim().split('\n');
    expect(told.map((line) => line.split(' [')[0])).toEqual(
      programs.map((name) => `Imported from ${at(name)}`),
    );
    expect(new Set(told.map((line) => line.split(' [')[1])).size).toBe(1);
  });

  it('takes an archive from a URL, and one with nothing in it', async () => {
    const files = await ok(['export', '--at', 'files:1', context]);
    const server = createServer((_, response) => response.end(files)).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const {port} = server.address() as AddressInfo;
      await ok(['import', '--platform', 'linux/arm64', `http://127.0.0.1:${port}/x.tar`, 'taken:url']);
    } finally {
      server.close();
    }
    expect((await ok(['inspect', '-f', '{{.Architecture}}', 'taken:url'])).toString()).toBe('arm64\n');
    await ok(['import', '-', 'taken:empty'], Buffer.alloc(10_240));
    expect(membersOf(await ok(['export', 'taken:empty']))).toEqual([]);
  });

  it('gives no name to what is no archive, or ends too early', async () => {
    const files = await ok(['export', '--at', 'files', context]);
    for (const [bytes, problem] of [
      [Buffer.from('no tar at all'), '- is no archive'],
      [files.subarray(0, 1000), '- cannot be unpacked'],
      [Buffer.alloc(0), '- is no archive'],
    ] as const) {
      const {code, stderr} = await space.run(['import', '-', 'taken:bad'], {input: bytes});
      expect([code, stderr]).toEqual([1, expect.stringContaining(problem)]);
    }
    expect((await space.run(['inspect', 'taken:bad'])).code).toBe(1);
  });
});
