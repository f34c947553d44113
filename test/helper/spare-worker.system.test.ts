// Steps that follow each other begin in a sandbox that was begun before them (native/serve/worker.c): it must be like any other.

import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, describe, expect, it} from 'vitest';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';
import {until} from '../support/until.ts';

/** What a step can see of its sandbox, without what is another's in each. */
const facts = `
  sed -E 's/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //; s/(master|shared):[0-9]+//; s/ - overlay .*//' /proc/self/mountinfo
  find /dev | while read -r name; do stat -c '%n %F %a %u %g %t %T' "$name"; done
  ls /sys/firmware /proc/acpi /proc/scsi /sys/fs/cgroup 2>&1
  grep -E '^(Cap|Seccomp|NoNewPrivs|Uid|Gid|NSpid)' /proc/self/status
  hostname; ls /proc/self/fd; id; cat /proc/net/dev`;

describe.skipIf(whyNotHere() !== undefined)('a worker that was started ahead', () => {
  const world = new SandboxWorld();
  afterAll(() => world.close());

  const helperPid = async (): Promise<number> => {
    const before = new Set(childrenOf(process.pid));
    await world.shell('true');
    const [pid] = childrenOf(process.pid).filter((child) => !before.has(child));
    if (pid === undefined) throw new Error('the helper is no child of ours');
    return pid;
  };

  it('is there from the second step on, one at a time, and none that a single step pays for', async () => {
    const helper = await helperPid();
    expect(await idleChildren(helper)).toHaveLength(0);
    await world.shell('true');
    const first = await spareOf(helper, []);
    await world.shell('true');
    const next = await spareOf(helper, [first]);
    await kill(next);
    const {result} = await world.shell('exit 3');
    expect(result.get('exit')).toBe('3');
    await spareOf(helper, [first, next]);
  });

  it('makes a sandbox that no step can tell from the first one', async () => {
    const fresh = new SandboxWorld();
    try {
      const first = await fresh.shell(facts);
      await fresh.shell('hostname other; touch /dev/shm/left /dev/left; mkdir /dev/more; exec 9>/left', [
        'insecure=1',
      ]);
      await fresh.shell('true');
      const later = await fresh.shell(facts);
      expect(later.stdout).toBe(first.stdout);
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

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  // It loses its namespaces before its end shows to others.
  const stat = `/proc/${pid}/stat`;
  await until(() => !existsSync(stat) || / Z /.test(readFileSync(stat, 'utf8')));
}

/** The one child of the helper, another one than those. */
async function spareOf(helper: number, others: readonly number[]): Promise<number> {
  await until(() => childrenOf(helper).some((child) => !others.includes(child)));
  const children = await idleChildren(helper);
  expect(children).toHaveLength(1);
  expect(others).not.toContain(children[0]);
  return Number(children[0]);
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
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
