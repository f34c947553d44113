// Limits of a run on a kernel whose controllers are all in one hierarchy, control groups of version 2: most machines
// have that, and whoever has version 1 cannot have both. limits.system.test.ts is the same for the kernel that is here.

import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, it} from 'vitest';
import {whyNotHere} from '../../support/sandbox-world.ts';
import {runInMachine} from '../../support/virtual-machine.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsbuild-machine-'));
afterAll(() => rmSync(folder, {recursive: true}));

it.skipIf(whyNotHere() !== undefined)(
  'limits hold, are told of and leave nothing with control groups of version 2',
  (test) => {
    const script = readFileSync(new URL('guest.sh', import.meta.url), 'utf8');
    const console = runInMachine(test, folder, {
      modules: ['fs/overlayfs/overlay', 'drivers/block/brd'],
      script,
    });
    const answers = Object.fromEntries(
      [...console.matchAll(/^([\w-]+(?:\.[\w-]+)*)=(.*)$/gm)].map(([, name = '', value = '']) => [
        name,
        value,
      ]),
    );
    expect(answers, console).toEqual({
      controllers: expect.stringMatching(/^cpuset cpu io memory .*pids/),
      oom: 'code 137 result: oomkills=1',
      peak: expect.stringMatching(/^\d{8}$/),
      seen_inside: '67108864',
      pids: "can't fork",
      throttled: '1',
      'slow.device-read-iops': 'yes',
      'slow.device-read-bps': 'yes',
      usual_swap: '67108864',
      oom_above: 'code 137 result: oomkills=1',
      'memory.max': '67108864',
      'memory.swap.max': '33554432',
      'memory.low': '33554432',
      'io.weight': 'default 4950',
      'cpu.weight': '20',
      'cpu.max': '25000 50000',
      'pids.max': '77',
      'cpuset.cpus': '0',
      'io.max': '1:0 rbps=1048576 wbps=max riops=max wiops=100',
      signal: 'result: signal=15',
      left_after_end: '',
      left_after_kill: '1',
      left_after_next: '',
      refused: expect.stringContaining('not a block device'),
      own_name: '0::/',
      parent: '/sys/fs/cgroup/builds/mine',
      swappiness: expect.stringContaining('this kernel has no memory-swappiness'),
      user_without: expect.stringContaining('delegated to this user: permission denied'),
      user_own_group: '67108864',
      user_own_group_again: 'tsbuild-caller 1',
      user_busy_group: '67108864',
      user_beside: '67108864',
      user_beside_left: '',
      user_parent_alien: expect.stringContaining('delegated to this user: permission denied'),
      user_parent: '67108864',
      user_parent_own: '67108864',
      user_oom: 'code 137 result: oomkills=1',
      user_controller: expect.stringContaining(
        'the controller for cpuset-cpus is not delegated to this group',
      ),
    });
    expect(Number(answers['peak'])).toBeLessThanOrEqual(33_554_432);
  },
  600_000,
);
