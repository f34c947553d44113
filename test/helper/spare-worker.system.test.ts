// Steps that follow each other begin in a sandbox that was begun before them (native/serve/worker.c): it must be like any other.

import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {childrenOf} from '../support/children-of.ts';
import {sandboxFacts} from '../support/sandbox-facts.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';
import {until} from '../support/until.ts';

/** What a step may leave behind. */
const mess = `
  umask 077; ulimit -n 50; echo some; echo more >&2
  touch /dev/shm/left /dev/mqueue/left /tmp/left; ping -c 1 127.0.0.1 >/dev/null
  sleep 1000 & exec 9>/tmp/open`;

describe.skipIf(whyNotHere() !== undefined)('a worker that was started ahead', () => {
  const world = worldWithMountPoints();
  afterAll(() => world.close());

  let helper = 0;
  beforeAll(async () => {
    const before = new Set(childrenOf(process.pid));
    await world.shell('true');
    const [pid] = childrenOf(process.pid).filter((child) => !before.has(child));
    if (pid === undefined) throw new Error('the helper is no child of ours');
    helper = pid;
  });

  it('is there from the second step on, and none that a single step pays for', async () => {
    expect(await idleChildren(helper)).toHaveLength(0);
    await world.shell('true');
    expect(await idleChildren(helper)).toHaveLength(1);
  });

  it('takes turns with another one for all further steps, until one dies', async () => {
    for (let step = 0; step < 2; step++) await world.shell('true');
    const both = await idleChildren(helper);
    expect(both).toHaveLength(2);
    for (let step = 0; step < 5; step++) await world.shell('true');
    expect(await idleChildren(helper)).toEqual(both);
    for (const pid of both) await kill(pid);
    // Neither they nor the first process of the sandbox that one of them had begun, though no other worker ends.
    await until(() => childrenOf(helper).length === 0);
    const {result} = await world.shell('exit 3');
    expect(result.get('exit')).toBe('3');
    for (let step = 0; step < 3; step++) await world.shell('true');
    const others = await idleChildren(helper);
    expect(others).toHaveLength(2);
    for (const pid of both) expect(others).not.toContain(pid);
  });

  it('says so when it is killed in a later step, and is replaced', async () => {
    for (let step = 0; step < 4; step++) await world.shell('true');
    const step = world.shell('sleep 1000');
    const failed = expect(step).rejects.toThrow('ended by signal 9');
    await until(() => childrenOf(helper).some((pid) => childrenOf(pid).length === 2));
    const running = childrenOf(helper).filter((pid) => childrenOf(pid).length === 2);
    for (const pid of running) process.kill(pid, 'SIGKILL');
    await failed;
    expect((await world.shell('echo more')).stdout).toBe('more\n');
  });

  it('is answered for when its step has ended before the helper looked', async () => {
    for (let step = 0; step < 4; step++) await world.shell('true');
    const [begun = 0] = (await idleChildren(helper)).filter((pid) => childrenOf(pid).length === 1);
    const [resting = 0] = (await idleChildren(helper)).filter((pid) => childrenOf(pid).length === 0);
    process.kill(begun, 'SIGSTOP');
    const step = world.shell('echo done');
    // The helper has sent the request, and has begun the next sandbox.
    await until(() => childrenOf(resting).length === 1);
    await hold(helper);
    process.kill(begun, 'SIGCONT');
    await until(() => childrenOf(begun).length === 0);
    process.kill(helper, 'SIGCONT');
    expect((await step).stdout).toBe('done\n');
  });

  it('keeps its share of the processors, whatever a step does with its own', async () => {
    const share = `/proc/${helper}/autogroup`;
    if (!existsSync(share)) return;
    // The kernel takes ten changes in a second, of all processes together.
    const {stdout} = await world.shell(`
      until echo 19 2>/dev/null >/proc/1/autogroup; do sleep 0.1; done; cat /proc/1/autogroup`);
    expect(stdout).toContain('nice 19');
    expect(readFileSync(share, 'utf8')).toContain('nice 0');
  });

  it('ends when a step leaves something that it would remember', async () => {
    for (let step = 0; step < 3; step++) await world.shell('true');
    const before = await idleChildren(helper);
    for (let step = 0; step < 2; step++)
      await world.shell('true', ['mount=tmpfs', 'target=/not/there/before']);
    const after = await idleChildren(helper);
    for (const pid of before) expect(after).not.toContain(pid);
  });

  it('makes a sandbox that no step can tell from the first one', async () => {
    const fresh = worldWithMountPoints();
    try {
      const first = await fresh.shell(sandboxFacts);
      await fresh.shell('hostname other; touch /dev/shm/left /dev/left; mkdir /dev/more; exec 9>/left', [
        'insecure=1',
      ]);
      for (let step = 0; step < 4; step++)
        await fresh.shell(mess, ['cwd=/tmp', 'user=3:4', 'hosts=/etc/hosts']);
      for (let step = 0; step < 3; step++) await fresh.shell(mess);
      for (let step = 0; step < 2; step++)
        expect((await fresh.shell(sandboxFacts)).stdout).toBe(first.stdout);
      expect(first.stdout).toContain(' /dev/shm ');
      const fifth = await fresh.shell('stat -f -c %b /dev/shm', ['shmsize=1048576']);
      expect(Number(fifth.stdout) * 4096).toBe(1_048_576);
    } finally {
      await fresh.close();
    }
  });

  it('sees what the host has mounted since', async () => {
    const place = world.makeDirectory('mounted-later');
    for (let step = 0; step < 3; step++) await world.shell('true');
    execFileSync('mount', ['-t', 'tmpfs', 'none', place]);
    try {
      world.write('mounted-later/file', 'here');
      const bind = ['mount=bind', 'target=/data', `dir=${place}`];
      expect((await world.shell('cat /data/file', bind)).stdout).toBe('here');
    } finally {
      execFileSync('umount', [place]);
    }
  });
});

function worldWithMountPoints(): SandboxWorld {
  const world = new SandboxWorld();
  world.addMountPoints();
  return world;
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  // It loses its namespaces before its end shows to others.
  const stat = `/proc/${pid}/stat`;
  await until(() => !existsSync(stat) || / Z /.test(readFileSync(stat, 'utf8')));
}

async function hold(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await until(() => / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
}

/** When those that have answered have ended. */
async function idleChildren(helper: number): Promise<number[]> {
  let seen = childrenOf(helper);
  for (let quiet = 0; quiet < 10; ) {
    await sleep(10);
    const now = childrenOf(helper);
    quiet = now.join() === seen.join() ? quiet + 1 : 0;
    seen = now;
  }
  return seen;
}
