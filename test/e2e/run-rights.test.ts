// docker run's flags for more groups and fewer rights, as a user meets them, as root and as an ordinary user.

import {readFileSync} from 'node:fs';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {asOrdinaryUser, ownState} from './ordinary-user.ts';
import {needMemoryController, needRoot} from './requirements.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

const script = (text: string): string[] => ['busybox', 'sh', '-c', text];

describe('rights of a run', () => {
  it('are what the flags say', async () => {
    const run = await space.run([
      'run',
      ...['--group-add', 'users', '--group-add=7777', '-u', '1000:1000'],
      ...['--sysctl', 'net.ipv4.ip_forward=0', '--sysctl=kernel.shmmax=4097', '--network=none'],
      ...['--cap-drop', 'ALL', '--cap-add', 'CHOWN', '--security-opt=no-new-privileges'],
      ...['--domainname', 'example.org', '--oom-score-adj', '700'],
      ...script(
        'grep -E "^(Groups|CapBnd|NoNewPrivs)" /proc/self/status; cd /proc; cat sys/net/ipv4/ip_forward sys/kernel/shmmax sys/kernel/domainname self/oom_score_adj',
      ),
    ]);
    expect(run.code, run.stderr).toBe(0);
    expect(
      run.stdout
        .toString()
        .replaceAll(/[ \t]+/g, ' ')
        .trim(),
    ).toMatch(/^Groups: 100 1000 7777 ?\nCapBnd: 0{15}1\nNoNewPrivs: 1\n0\n4097\nexample.org\n700$/);
  });

  it('let every user listen at every port of a network of its own, and send pings', async () => {
    const parameters = 'cd /proc/sys/net/ipv4; cat ip_unprivileged_port_start ping_group_range';
    const said = async (...flags: string[]) => {
      const {code, stdout, stderr} = await space.run(['run', ...flags, ...script(parameters)]);
      return [code, stderr, ...stdout.toString().trim().split(/\s+/)];
    };
    const ofHost = ['ip_unprivileged_port_start', 'ping_group_range'].flatMap((name) =>
      readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim().split(/\s+/),
    );
    // In a user namespace there are no groups for that range: the kernel's is left, as docker leaves it.
    const pings = process.getuid?.() === 0 ? ['0', '2147483647'] : expect.anything();
    const [code, stderr, ports, ...range] = await said('--network=none');
    expect([code, stderr, ports, range]).toEqual([0, '', '0', pings]);
    expect(await said('--network=host')).toEqual([0, '', ...ofHost]);
    const mine = [
      '--sysctl=net.ipv4.ip_unprivileged_port_start=99',
      '--sysctl',
      'net.ipv4.ping_group_range=0 0',
    ];
    expect(await said('--network=none', ...mine)).toEqual([0, '', '99', '0', '0']);
  });

  it('that cannot be had are told of in one sentence', async () => {
    const said: string[] = [];
    for (const flags of [
      ['--group-add', 'nosuch'],
      ['--sysctl', 'kernel.core_pattern=|x'],
      ['--sysctl', 'net.nosuch.x=1', '--network=none'],
      ['--network=host', '--sysctl', 'net.ipv4.ip_forward=1'],
      ['--cap-add', 'SYS_ADMIN'],
    ]) {
      const {code, stderr} = await space.run(['run', ...flags, 'busybox', 'true']);
      said.push(`${code} ${/\]: (.*)/.exec(stderr)?.[1]}`);
    }
    expect(said).toEqual([
      '125 unable to find group nosuch: no matching entries in group file',
      expect.stringMatching(/^125 --sysctl kernel.core_pattern is not allowed: .*whole machine/),
      expect.stringMatching(/^125 this kernel, or this network, has no net\/nosuch\/x/),
      "125 net/ipv4/ip_forward cannot be set: the network is the host's",
      expect.stringMatching(/^125 --cap-add SYS_ADMIN is not supported: what a run may do/),
    ]);
  });

  it('are an ordinary user’s as well, but for groups that it has no ids for', async (test) => {
    needRoot(test);
    const user = asOrdinaryUser(test);
    const root = await ownState(space, user, 'rights-state');
    const run = await space.run(
      [
        'run',
        ...['--network=none', '--sysctl', 'net.ipv4.ip_forward=1', '--cap-drop=ALL', '--oom-score-adj=700'],
        ...script(
          'grep CapBnd /proc/self/status; cd /proc/sys/net/ipv4; cat ip_forward /proc/self/oom_score_adj ip_unprivileged_port_start',
        ),
      ],
      {root, ...user},
    );
    expect(run.stdout.toString()).toBe('CapBnd:\t0000000000000000\n1\n700\n0\n');
    const groups = await space.run(['run', '--group-add=7', 'busybox', 'true'], {root, ...user});
    expect([groups.code, groups.stderr]).toEqual([
      125,
      expect.stringMatching(
        /groups cannot be added: without ranges in \/etc\/subuid .*\n +hint: install newuid/,
      ),
    ]);
    const lower = await space.run(['run', '--oom-score-adj=-700', 'busybox', 'true'], {root, ...user});
    expect([lower.code, lower.stderr]).toEqual([125, expect.stringContaining('takes CAP_SYS_RESOURCE')]);
  });

  it('--memory-reservation and --oom-kill-disable are limits of the group', async (test) => {
    const hierarchy = needMemoryController(test);
    const run = await space.run(['run', '-m', '64m', '--memory-reservation', '32m', ...script('true')]);
    expect([run.code, run.stderr]).toEqual([0, '']);
    const waits = await space.run(['run', '-m', '64m', '--oom-kill-disable', ...script('true')]);
    if (hierarchy.endsWith('memory')) expect([waits.code, waits.stderr]).toEqual([0, '']);
    else expect(waits.stderr).toContain('has no oom-kill-disable');
  });
});
