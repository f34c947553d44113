// Limits of steps as a user meets them: a step that needs too much memory is told of as such, and leaves no group.

import {existsSync, readdirSync, readFileSync, rmdirSync} from 'node:fs';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../support/until.ts';
import {type Workspace, workspaceWithBases} from './command.ts';
import {asOrdinaryUser, ownState} from './ordinary-user.ts';
import {memoryHierarchies, needMemoryController, needRoot, skip} from './requirements.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

describe('limits of steps', () => {
  it('end a step that needs more memory, and say so', async (test) => {
    const hierarchy = needMemoryController(test);
    const parent = `tsbuild-e2e-${process.pid}`;
    const context = await space.context({Dockerfile: 'FROM busybox\nRUN tail /dev/zero\n'});
    const run = await space.run(['build', '-m', '64m', '--cgroup-parent', parent, context]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('out of memory: a process was killed at the limit of 64 MiB');
    expect(readdirSync(`${hierarchy}/${parent}`).filter((name) => name.startsWith('tsbuild-'))).toEqual([]);
    removeGroups(parent);
  });

  it('are told of, too, when the step goes on without the process that was killed', async (test) => {
    needMemoryController(test);
    const context = await space.context({Dockerfile: 'FROM busybox\nRUN tail /dev/zero || true\n'});
    const {stderr} = await space.build(['-m', '64m', '--no-cache', context]);
    expect(stderr).toMatch(/RUN tail .* killed at the limit of 64 MiB \(peak [^)]+\), and the step went on/);
    const run = await space.run(['run', '-m', '64m', 'busybox', 'sh', '-c', 'tail /dev/zero || true']);
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('killed at the limit of 64 MiB')]);
  });

  it('leave a group when the build is killed, which the next build takes away, whatever it asks for', async (test) => {
    const hierarchy = needMemoryController(test);
    const parent = `tsbuild-e2e-killed-${process.pid}`;
    const groups = (): string[] => {
      const place = `${hierarchy}/${parent}`;
      return existsSync(place) ? readdirSync(place).filter((name) => name.startsWith('tsbuild-')) : [];
    };
    const context = await space.context({Dockerfile: 'FROM busybox\nRUN sleep 1000\n'});
    const build = space.start(['build', '-m', '64m', '--cgroup-parent', parent, context]);
    await until(() =>
      groups().some((group) => readFileSync(`${hierarchy}/${parent}/${group}/cgroup.procs`, 'utf8') !== ''),
    );
    build.child.kill('SIGKILL');
    await build.done;
    expect(await space.leftovers()).toEqual([]);
    expect(groups()).toHaveLength(1);
    const other = await space.context({Dockerfile: 'FROM busybox\nRUN echo without a limit\n'});
    await space.build([other]);
    expect(groups()).toEqual([]);
    removeGroups(parent);
  });

  it('that cannot be set are told of by name', async (test) => {
    needMemoryController(test);
    const run = await space.run(['run', '--cpuset-cpus', '9999', 'busybox', 'true']);
    expect(run.code).toBe(125);
    expect(run.stderr).toMatch(/cannot set cpuset-cpus to 9999: .*\n +hint: tsbuild doctor /);
    const device = await space.run(['run', '--device-read-bps', '/dev/null:1m', 'busybox', 'true']);
    expect(device.stderr).toContain('device-read-bps: /dev/null is not a block device');
  });

  it('end the process of tsbuild run that needs more memory, and say so', async (test) => {
    needMemoryController(test);
    const run = await space.run(['run', '-m', '64m', 'busybox', 'tail', '/dev/zero']);
    expect(run.code).toBe(137);
    expect(run.stderr).toContain('out of memory: a process was killed at the limit of 64 MiB');
    const fits = await space.run(['run', '-m', '64m', 'busybox', 'true']);
    expect([fits.code, fits.stderr]).toEqual([0, '']);
  });

  it('of processes hold in tsbuild run', async (test) => {
    needRoot(test);
    const hierarchy = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((path) => existsSync(path));
    const file = `${hierarchy}/cgroup.controllers`;
    if (!hierarchy?.endsWith('pids') && !existsSync(file)) skip(test, 'there is no pids controller');
    const many = 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo started';
    const run = await space.run(['run', '--pids-limit', '5', 'busybox', 'sh', '-c', many]);
    expect(run.stdout.toString()).not.toContain('started');
    expect(run.stderr).toMatch(/fork/);
  });

  it('are no part of what makes a step the same', async (test) => {
    needMemoryController(test);
    const context = await space.context({Dockerfile: 'FROM busybox\nRUN echo limited > /file\n'});
    const limited = await space.build(['--resource', 'memory=256m', context]);
    expect([...limited.steps.values()]).toContain('done');
    const free = await space.build([context]);
    expect([...free.steps.values()]).not.toContain('done');
  });

  it('are refused to ordinary users, in one sentence', async (test) => {
    needRoot(test);
    const user = asOrdinaryUser(test);
    const context = await space.context({Dockerfile: 'FROM busybox\nRUN true\n'});
    const root = await ownState(space, user, 'limited-state');
    const run = await space.run(['build', '--memory', '64m', context], {root, ...user});
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('limits need root');
  });
});

function removeGroups(parent: string): void {
  for (const hierarchy of memoryHierarchies)
    if (existsSync(`${hierarchy}/${parent}`)) rmdirSync(`${hierarchy}/${parent}`);
}
