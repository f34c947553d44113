// What save writes is read by skopeo, podman and umoci; what they write is loaded, and built on.

import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspace} from './command.ts';
import {needCommand} from './requirements.ts';

let space: Workspace;
let id: string;
const at = (name: string): string => join(space.folder, name);

beforeAll(async () => {
  space = await workspace();
  const context = await space.context({
    Dockerfile: 'FROM scratch\nLABEL team=blue\nCOPY one /\nCOPY two /\nCMD ["/one"]\n',
    one: '1\n',
    two: '2\n',
  });
  await space.build(['-t', 'reg.example/kit:7', context]);
  id = (await space.run(['images', '-q', '--no-trunc'])).stdout.toString().trim();
  for (const format of ['docker-archive', 'oci-archive']) {
    const saved = await space.run([
      'save',
      '--format',
      format,
      '-o',
      at(`${format}.tar`),
      'reg.example/kit:7',
    ]);
    expect(saved.stderr).toBe('');
  }
});
afterAll(() => space[Symbol.asyncDispose]());

function tool(program: string, args: readonly string[]): string {
  const done = spawnSync(program, args, {encoding: 'utf8', timeout: 60_000});
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

async function loadedId(file: string): Promise<string> {
  const root = at(`${file}-state`);
  const loaded = await space.run(['load', '-i', at(file)], {root});
  expect(loaded.stderr).toBe('');
  expect(loaded.stdout.toString()).toMatch(/^Loaded image: .*kit.*\n$/);
  return (await space.run(['images', '-q', '--no-trunc'], {root})).stdout.toString().trim();
}

describe('skopeo', () => {
  it.for(['docker-archive', 'oci-archive'])('reads %s, and writes what is loaded', async (format, test) => {
    const skopeo = needCommand(test, 'skopeo');
    const from = `${format}:${at(`${format}.tar`)}`;
    expect(JSON.parse(tool(skopeo, ['inspect', '--config', from]))).toMatchObject({
      config: {Cmd: ['/one'], Labels: {team: 'blue'}},
    });
    const to = `skopeo-${format}.tar`;
    tool(skopeo, ['copy', '-q', '--insecure-policy', from, `${format}:${at(to)}:reg.example/kit:8`]);
    expect(await loadedId(to)).toBe(id);
  });
});

describe('podman', () => {
  it('loads what was saved, and saves what is loaded', async (test) => {
    const podman = needCommand(test, 'podman');
    const storage = ['--root', at('podman'), '--runroot', at('podman-run'), '--storage-driver', 'vfs'];
    for (const format of ['docker-archive', 'oci-archive']) {
      tool(podman, [...storage, 'load', '-q', '-i', at(`${format}.tar`)]);
      expect(tool(podman, [...storage, 'images', '-q', '--no-trunc']).trim()).toBe(id);
      const to = `podman-${format}.tar`;
      tool(podman, [...storage, 'save', '-q', '--format', format, '-o', at(to), 'reg.example/kit:7']);
      expect(await loadedId(to)).toBe(id);
    }
    tool(podman, [...storage, 'rmi', '--all', '--force']);
  });
});

describe('export', () => {
  it('writes the files of an image as a tar', async () => {
    const {stdout, stderr} = await space.run(['export', 'reg.example/kit:7']);
    expect(stderr).toBe('');
    const listed = spawnSync('tar', ['-tf', '-'], {input: stdout, encoding: 'utf8'}).stdout;
    expect(listed.trim().split('\n').sort()).toEqual(['one', 'two']);
    expect(spawnSync('tar', ['-xOf', '-', 'two'], {input: stdout, encoding: 'utf8'}).stdout).toBe('2\n');
  });

  it('also of an image that was only loaded', async () => {
    const root = at('export-state');
    await space.run(['load', '-i', at('oci-archive.tar')], {root});
    const run = await space.run(['export', '-o', at('files.tar'), 'reg.example/kit:7'], {root});
    expect(run.stderr).toBe('');
    expect(
      tool('tar', ['-tf', at('files.tar')])
        .trim()
        .split('\n')
        .sort(),
    ).toEqual(['one', 'two']);
  });
});

describe('umoci', () => {
  it('unpacks a saved layout', async (test) => {
    const umoci = needCommand(test, 'umoci');
    const layout = at('layout');
    tool('mkdir', [layout]);
    tool('tar', ['-xf', at('oci-archive.tar'), '-C', layout]);
    tool(umoci, ['raw', 'unpack', '--image', `${layout}:7`, at('unpacked')]);
    expect(tool('cat', [join(at('unpacked'), 'two')])).toBe('2\n');
  });
});
