// Limits of a run in control groups, of whichever version this machine has: that they are set, that they hold, that
// what was killed for them is told, and that no group is left.

import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, afterEach, describe, expect, it, type TestContext} from 'vitest';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {needCommand, skip} from '../e2e/requirements.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

const megabyte = 1024 * 1024;
const parent = `tsbuild-test-${process.pid}`;
const old = (controller: string): string => `/sys/fs/cgroup/${controller}`;
const unified = '/sys/fs/cgroup';
const isUnified = existsSync(join(unified, 'cgroup.controllers'));

/** Where groups below our parent are; undefined: this machine has no such controller. */
function hierarchyOf(controller: string): string | undefined {
  if (!isUnified) return existsSync(old(controller)) ? old(controller) : undefined;
  const all = readFileSync(join(unified, 'cgroup.controllers'), 'utf8').trim().split(' ');
  return all.includes(controller === 'blkio' ? 'io' : controller) ? unified : undefined;
}

function needControllers(test: TestContext, ...controllers: readonly string[]): void {
  const missing = controllers.filter((controller) => hierarchyOf(controller) === undefined);
  if (missing.length > 0) skip(test, `there is no controller ${missing.join(', ')}`);
}

function groupsOfOurs(): string[] {
  return ['memory', 'cpu', 'cpuset', 'blkio', 'pids'].flatMap((controller) => {
    const place = join(hierarchyOf(controller) ?? '/nowhere', parent);
    return existsSync(place)
      ? readdirSync(place, {withFileTypes: true})
          .filter((entry) => entry.isDirectory())
          .map((entry) => join(place, entry.name))
      : [];
  });
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (let waited = 0; waited < 20_000; waited += 10) {
    const seen = look();
    if (seen !== undefined) return seen;
    await sleep(10);
  }
  throw new Error('it never came');
}

describe.skipIf(whyNotHere() !== undefined)('limits of a run', () => {
  const world = new SandboxWorld();
  afterEach(() => {
    for (const group of groupsOfOurs()) rmdirSync(group);
    for (const controller of ['memory', 'cpu', 'cpuset', 'blkio', 'pids']) {
      const place = join(hierarchyOf(controller) ?? '/nowhere', parent);
      if (existsSync(place)) rmdirSync(place);
    }
  });
  afterAll(() => world.close());

  it('take no group where nothing is limited', async () => {
    const {result} = await world.shell('true');
    expect([...result.keys()]).toEqual([
      'exit',
      'userns',
      'wall',
      'maxrss',
      'utime',
      'stime',
      'read',
      'written',
    ]);
  });

  it('of memory end the process that goes over them, and say so with the peak', async (test) => {
    needControllers(test, 'memory');
    const limit = 32 * megabyte;
    const {result, stdout} = await world.shell('busybox tail /dev/zero; echo $?', [`limit=memory:${limit}`]);
    expect(stdout).toContain('137');
    expect(result.get('oomkills')).toBe('1');
    expect(Number(result.get('memorypeak'))).toBeGreaterThan(limit / 2);
    expect(Number(result.get('memorypeak'))).toBeLessThanOrEqual(limit);
  });

  it('tell the peak of what fits', async (test) => {
    needControllers(test, 'memory');
    const script = 'dd if=/dev/zero of=/dev/shm/x bs=1M count=20 2>/dev/null';
    const {result} = await world.shell(script, [`limit=memory:${256 * megabyte}`]);
    expect(result.get('oomkills')).toBe('0');
    expect(Number(result.get('memorypeak'))).toBeGreaterThan(20 * megabyte);
  });

  it('of processes hold', async (test) => {
    needControllers(test, 'pids');
    const script = 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo started';
    const {stdout, stderr} = await world.shell(script, ['limit=pids:5']);
    expect(stdout).not.toContain('started');
    expect(stderr).toMatch(/fork/);
  });

  it('are what the files of the group say, and gone with it', async (test) => {
    needControllers(test, 'memory', 'cpu', 'cpuset', 'pids');
    const limits = {
      memory: 64 * megabyte,
      'cpu-shares': 512,
      'cpu-period': 50_000,
      'cpu-quota': 25_000,
      pids: 77,
    };
    const args = Object.entries({...limits, 'cpuset-cpus': '0'}).map(
      ([name, value]) => `limit=${name}:${value}`,
    );
    const running = world.shell('sleep 30', [`cgroup=${parent}`, ...args]);
    running.catch(() => {});
    const expected = isUnified
      ? {'memory.max': `${limits.memory}`, 'cpu.weight': '20', 'cpu.max': '25000 50000', 'pids.max': '77'}
      : {
          'memory.limit_in_bytes': `${limits.memory}`,
          'cpu.shares': '512',
          'cpu.cfs_quota_us': '25000',
          'cpu.cfs_period_us': '50000',
          'pids.max': '77',
        };
    const valuesNow = (): Record<string, string> =>
      Object.fromEntries(
        groupsOfOurs().flatMap((group) =>
          [...Object.keys(expected), 'cpuset.cpus']
            .filter((file) => existsSync(join(group, file)))
            .map((file) => [file, readFileSync(join(group, file), 'utf8').trim()]),
        ),
      );
    const members = await until(() => {
      const all = groupsOfOurs().map((group) => readFileSync(join(group, 'cgroup.procs'), 'utf8').trim());
      const inside = all
        .flatMap((text) => text.split('\n'))
        .find((pid) => commandOf(pid).startsWith('sleep'));
      return inside === undefined ? undefined : {inside, all};
    });
    expect(valuesNow()).toEqual({...expected, 'cpuset.cpus': '0'});
    for (const text of members.all) expect(text).toContain(members.inside);
    process.kill(Number(members.inside));
    expect((await running).result.get('signal')).toBe('15');
    expect(groupsOfOurs()).toEqual([]);
  });

  it('leave no group behind a helper that was killed, after the next run', async (test) => {
    needControllers(test, 'memory');
    const {view} = world.newLayer();
    const args = [
      `cgroup=${parent}`,
      `limit=memory:${64 * megabyte}`,
      'network=none',
      'arg=/bin/sleep',
      'arg=30',
    ];
    const helper = spawn(locateHelper(process.env), ['run', ...view, ...args], {stdio: 'ignore'});
    const left = await until(() => groupsOfOurs()[0]);
    await until(() => (readFileSync(join(left, 'cgroup.procs'), 'utf8') === '' ? undefined : true));
    helper.kill('SIGKILL');
    await once(helper, 'exit');
    expect(existsSync(left)).toBe(true);
    await until(() => (readFileSync(join(left, 'cgroup.procs'), 'utf8') === '' ? true : undefined));
    await world.shell('true', [`cgroup=${parent}`, `limit=memory:${64 * megabyte}`]);
    expect(existsSync(left)).toBe(false);
  });

  it('let the groups of others be', async (test) => {
    needControllers(test, 'memory');
    const place = join(hierarchyOf('memory') ?? '', parent);
    mkdirSync(join(place, `tsbuild-${process.pid}`), {recursive: true});
    mkdirSync(join(place, 'somebody-1'));
    await world.shell('true', [`cgroup=${parent}`, `limit=memory:${64 * megabyte}`]);
    expect(
      groupsOfOurs()
        .map((group) => group.slice(place.length + 1))
        .toSorted(),
    ).toEqual(['somebody-1', `tsbuild-${process.pid}`]);
  });

  it.each([
    ['limit=memory', 'request', 'expected NAME:VALUE'],
    ['limit=colour:red', 'request', 'unknown limit'],
    ['limit=memory:much', 'limits', 'cannot set memory to much'],
    ['limit=device-read-bps:/dev/null:1', 'limits', 'not a block device'],
    ['limit=cpuset-cpus:9999', 'limits', 'cannot set cpuset-cpus to 9999'],
  ])('that make no sense are errors: %s', async (arg, phase, message) => {
    const failure = world.shell('true', [`cgroup=${parent}`, arg]);
    await expect(failure).rejects.toMatchObject({phase, message: expect.stringContaining(message)});
    expect(groupsOfOurs()).toEqual([]);
  });

  it('need root, or a group that is the user’s own', (test) => {
    needCommand(test, 'setpriv');
    const helper = world.path('helper');
    execFileSync('install', ['-m', '755', locateHelper(process.env), helper]);
    const theirs = world.path('theirs');
    execFileSync('cp', ['-a', world.base, theirs]);
    execFileSync('chown', ['-R', '54321:54321', theirs]);
    const args = ['--reuid=54321', '--regid=54321', '--clear-groups', helper, 'run', `dir=${theirs}`];
    expect(() => execFileSync('setpriv', [...args, 'arg=true', 'limit=pids:5'], {stdio: 'pipe'})).toThrow(
      /limits need root, or a control group of version 2 that is delegated to this user/,
    );
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8');
  } catch {
    return '';
  }
}
