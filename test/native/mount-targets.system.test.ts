// Images and mounts that try to make the helper, which sets a sandbox up with the rights of the host, mount or write
// outside of the image: by symlinks where something is to be mounted, by `..`, by links of /proc. Nothing of the host
// may change.

import {mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {type RunOutcome, SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

const write = 'for at in "$@"; do echo written > "$at/written"; done 2>/dev/null';

describe.skipIf(whyNotHere() !== undefined)('what an image makes of its mount points', () => {
  const world = new SandboxWorld();
  const host = world.makeDirectory('host');
  afterAll(() => world.close());
  beforeEach(() => {
    for (const name of readdirSync(host)) rmSync(join(host, name), {recursive: true});
    writeFileSync(join(host, 'file'), 'of the host\n');
  });

  /** A run on an image with these symlinks, that writes to `places`. What it leaves on the host. */
  async function attempt(
    links: Readonly<Record<string, string>>,
    args: readonly string[],
    places: readonly string[],
  ): Promise<{readonly left: readonly string[]; readonly outcome: RunOutcome | Error}> {
    const layer = world.newLayer();
    for (const [path, target] of Object.entries(links)) {
      mkdirSync(dirname(join(layer.upper, path)), {recursive: true});
      symlinkSync(target, join(layer.upper, path));
    }
    const outcome = await world
      .run(layer, [
        'arg=/bin/sh',
        'arg=-c',
        `arg=${write}`,
        'arg=sh',
        ...places.map((at) => `arg=${at}`),
        ...args,
      ])
      .catch((error: Error) => error);
    expect(readFileSync(join(host, 'file'), 'utf8')).toBe('of the host\n');
    return {left: readdirSync(host).filter((name) => name !== 'file'), outcome};
  }

  const dots = `../../../../../../../../..${host}`;
  const tmpfs = (target: string): string[] => ['mount=tmpfs', `target=${target}`];

  it('is noticed by this test when it reaches the host', async () => {
    const cache = ['mount=cache', 'target=/cache', `dir=${host}`];
    expect((await attempt({}, cache, ['/cache'])).left).toEqual(['written']);
  });

  it.each<[string, Readonly<Record<string, string>>, readonly string[], readonly string[]]>([
    ['`..` in a target', {}, tmpfs(`/${dots}/mounted`), [`/${dots}`, `/${dots}/mounted`]],
    ['an absolute symlink as target', {'/link': host}, tmpfs('/link'), ['/link', host]],
    ['an absolute symlink above a target', {'/link': host}, tmpfs('/link/below'), ['/link', '/link/below']],
    ['a symlink with `..` as target', {'/link': dots}, tmpfs('/link'), ['/link']],
    ['a symlink with `..` above a target', {'/a/link': dots}, tmpfs('/a/link/below'), ['/a/link/below']],
    ['a chain of symlinks', {'/one': '/two', '/two': 'three', '/three': dots}, tmpfs('/one'), ['/one']],
    ['a working directory behind a symlink', {'/link': host}, ['cwd=/link/made'], ['.', '/link']],
    ['a working directory with `..`', {}, [`cwd=/${dots}/made`], ['.']],
    ['resolv.conf as a symlink to the host', {'/etc/resolv.conf': join(host, 'file')}, ['resolv=FILE'], []],
    ['hosts as a symlink out of the image', {'/etc/hosts': `${dots}/file`}, ['hosts=FILE'], []],
    ['/dev/shm of the image as a symlink', {'/dev/shm': host}, [], ['/dev/shm']],
    [
      'a text behind a symlink',
      {'/run/secrets': host},
      ['mount=text', 'target=/run/secrets/key', 'content=x'],
      [],
    ],
    // /proc is mounted over them later: there are no such links yet, and what is made for them is gone afterwards.
    ['a target behind the links of /proc', {}, tmpfs(`/proc/self/root${host}/mounted`), []],
    ['a target behind the root of pid 1', {'/link': '/proc/1/root'}, tmpfs(`/link${host}/mounted`), []],
    ['a target behind a descriptor', {'/link': '/proc/self/fd/5'}, tmpfs('/link/mounted'), []],
  ])('stays inside the image: %s', async (_, links, args, places) => {
    const file = world.write('file-of-the-run', 'ours\n');
    const {left, outcome} = await attempt(
      links,
      args.map((arg) => arg.replace('FILE', file)),
      places,
    );
    expect(left).toEqual([]);
    expect(outcome).not.toBeInstanceOf(Error);
  });

  it.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['/proc as a symlink', {'/proc': host}, []],
    ['/sys as a symlink', {'/sys': dots}, []],
    ['/dev as a symlink', {'/dev': host}, []],
    ['a symlink that leads to itself', {'/loop': '/loop'}, tmpfs('/loop')],
  ])('is an error, and changes nothing: %s', async (_, links, args) => {
    const {left, outcome} = await attempt(links, args, []);
    expect(left).toEqual([]);
    expect(outcome).toBeInstanceOf(Error);
  });

  it('a source of a bind cannot lead out of its directory', async () => {
    const source = world.makeDirectory('source');
    rmSync(join(source, 'link'), {force: true});
    symlinkSync(relative(source, host), join(source, 'link'));
    for (const path of [`${relative(source, host)}/file`, 'link/file', `/..${host}/file`]) {
      const mount = ['mount=bind', 'target=/bound', `dir=${source}`, `source=${path}`, 'ro=1'];
      await expect(world.shell('cat /bound', mount)).rejects.toMatchObject({phase: 'mounts', errno: 2});
    }
  });

  it("users are looked up in the image's own files", async () => {
    const passwd = world.write('host/passwd', 'hostuser:x:4242:4242::/:/bin/sh\n');
    const layer = world.newLayer();
    mkdirSync(join(layer.upper, 'etc'));
    symlinkSync(`../../../../../../../..${passwd}`, join(layer.upper, 'etc/passwd'));
    await expect(world.run(layer, ['user=hostuser', 'arg=true'])).rejects.toMatchObject({phase: 'user'});
  });
});
