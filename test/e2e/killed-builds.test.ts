// kill -9 of a build in the middle of a step that has a network and a limit: what of it is there at once, and after one
// next build, whatever that one does. On a machine of its own, as far as networks and mounts go.

import {execFileSync, spawn} from 'node:child_process';
import {existsSync, readdirSync, readFileSync, rmdirSync} from 'node:fs';
import {copyFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../support/until.ts';
import {type Workspace, workspace} from './command.ts';
import {memoryHierarchies, needCommand, needMemoryController, needRoot} from './requirements.ts';

const dockerfile = `FROM scratch AS base
COPY busybox /
RUN ["/busybox", "mkdir", "/bin"]
RUN ["/busybox", "ln", "-s", "/busybox", "/bin/sh"]
FROM base AS killed
RUN /busybox touch /left; exec /busybox sleep 1000
FROM base AS other
RUN /busybox echo something to do
`;

/** What a build adds that nobody killed. */
const ofEachBuild = /^(?:history|layers|unchanged|blobs|state\.db)/;

describe('a build that is killed in a step', () => {
  const parent = `tsbuild-e2e-ends-${process.pid}`;
  const machine = spawn('unshare', ['--net', '--mount', 'sleep', '1000'], {stdio: 'ignore'});
  const wrapper = ['nsenter', '--target', String(machine.pid), '--net', '--mount'];
  let space: Workspace;
  let context: string;

  beforeAll(async () => {
    space = await workspace();
    context = await space.context({Dockerfile: dockerfile});
  });
  afterAll(async () => {
    machine.kill('SIGKILL');
    await space?.[Symbol.asyncDispose]();
    for (const place of memoryHierarchies)
      if (existsSync(join(place, parent))) rmdirSync(join(place, parent));
  });

  function on(...words: string[]): string {
    const [program = '', ...more] = [...wrapper, ...words];
    return execFileSync(program, more, {encoding: 'utf8'});
  }

  function groups(): string[] {
    const places = memoryHierarchies.map((place) => join(place, parent)).filter((place) => existsSync(place));
    return places.flatMap((place) =>
      readdirSync(place)
        .filter((name) => name.startsWith('tsbuild-'))
        .map((name) => join(place, name)),
    );
  }

  /** What ends with the build, or with the next one. */
  function held(root: string) {
    return {
      devices: on('ip', '-brief', 'link').match(/^\S+/gm),
      filters: on('nft', 'list', 'ruleset'),
      mounts: on('cat', '/proc/self/mountinfo'),
      groups: groups(),
      files: readdirSync(root, {recursive: true, encoding: 'utf8'})
        .filter((path) => !ofEachBuild.test(path))
        .sort(),
    };
  }

  for (const [what, target] of [
    ['has everything already, and nothing has changed', 'base'],
    ['runs a step without a limit', 'other'],
  ] as const)
    it(`leaves nothing after another one that ${what}`, async (test) => {
      needRoot(test);
      needMemoryController(test);
      needCommand(test, 'ip');
      needCommand(test, 'nft');
      await copyFile(needCommand(test, 'busybox'), join(context, 'busybox'));
      const root = join(space.folder, `state-${target}`);
      const options = {root, wrapper};
      // So often that one more would be told from what it did before.
      for (let n = 0; n < 3; n++) await space.build(['--target', 'base', context], options);
      const before = held(root);

      const limits = ['-m', '64m', '--cgroup-parent', parent];
      const build = space.start(['build', '--target', 'killed', ...limits, context], options);
      await until(() => groups().some((group) => processesIn(group).includes('/busybox sleep 1000 ')));
      const during = held(root);
      expect(during.devices).toHaveLength((before.devices?.length ?? 0) + 1);
      expect(during.filters).toContain('table ip tsbuild-');
      build.child.kill('SIGKILL');
      await build.done;
      expect(await space.leftovers()).toEqual([]);
      await until(() => !on('ip', '-brief', 'link').includes('tsb'));
      expect(held(root)).toEqual({...before, groups: during.groups, files: during.files});
      expect(during.groups).toHaveLength(1);
      expect(during.files.length).toBeGreaterThan(before.files.length);

      await space.build(['--target', target, context], options);
      expect(held(root)).toEqual(before);
    });
});

function processesIn(group: string): string[] {
  const numbers = readFileSync(join(group, 'cgroup.procs'), 'utf8').match(/\d+/g) ?? [];
  return numbers.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
}
