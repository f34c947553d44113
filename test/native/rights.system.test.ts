// What docker run can ask for and a step cannot: groups, kernel parameters, fewer rights. That the process has them,
// that the host does not change, and that what makes no sense is told of.

import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {afterAll, describe, expect, it} from 'vitest';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

const forwarding = '/proc/sys/net/ipv4/ip_forward';
const messagesMax = '/proc/sys/kernel/msgmax';

describe.skipIf(whyNotHere() !== undefined)('rights of a run', () => {
  const world = new SandboxWorld();
  world.write('base/etc/passwd', 'root::0:0::/root:/bin/sh\napp:x:1000:1001::/:/bin/sh\n');
  world.write('base/etc/group', 'root:x:0:\nvideo:x:44:\nstaff:x:50:app\n44:x:45:\n');
  afterAll(() => world.close());

  it.each([
    ['the image’s names', 'root', ['group=video', 'group=staff'], '0 44 50'],
    ['numbers, be they in the image or not', 'root', ['group=50', 'group=77'], '0 50 77'],
    ['a name before a number', 'root', ['group=44'], '0 44'],
    ['each once, besides those of the user', 'app', ['group=staff', 'group=50', 'group=video'], '44 50 1001'],
    ['also where the user’s own group is given', '1000:7', ['group=video'], '7 44'],
  ])('groups are %s', async (_, user, groups, expected) => {
    const {stdout} = await world.shell('grep Groups: /proc/self/status', [`user=${user}`, ...groups]);
    expect(stdout.trim()).toBe(`Groups:\t${expected}`);
  });

  it.each([
    ['group=nosuch', 'unable to find group nosuch'],
    ['group=', 'unable to find group'],
    ['group=-1', 'unable to find group -1'],
    ['group=2147483648', 'must be in range 0-2147483647'],
  ])('%s is an error', async (group, message) => {
    await expect(world.shell('true', [group])).rejects.toMatchObject({
      phase: 'user',
      message: expect.stringContaining(message),
    });
  });

  it('kernel parameters are those of the sandbox alone', async () => {
    const before = [forwarding, messagesMax].map((path) => readFileSync(path, 'utf8'));
    const other = before[0]?.trim() === '1' ? '0' : '1';
    const {stdout} = await world.shell(
      `cat ${forwarding} ${messagesMax} /proc/sys/fs/mqueue/msg_max; echo 7 > ${messagesMax}`,
      [`sysctl=net/ipv4/ip_forward:${other}`, 'sysctl=kernel/msgmax:4097', 'sysctl=fs/mqueue/msg_max:11'],
    );
    expect(stdout).toBe(`${other}\n4097\n11\n`);
    expect([forwarding, messagesMax].map((path) => readFileSync(path, 'utf8'))).toEqual(before);
  });

  it.each([
    ['sysctl=kernel/core_pattern:x', 'request', 'of a namespace of the sandbox'],
    ['sysctl=net/../kernel/core_pattern:x', 'request', 'of a namespace of the sandbox'],
    ['sysctl=net/ipv4/..:x', 'request', 'of a namespace of the sandbox'],
    ['sysctl=kernel/shmmax2:x', 'request', 'of a namespace of the sandbox'],
    ['sysctl=net/ipv4/ip_forward', 'request', 'expected PATH:VALUE'],
    ['sysctl=net/nosuch:1', 'sysctl', 'has no net/nosuch'],
    ['sysctl=net/ipv4:1', 'sysctl', 'cannot set net/ipv4'],
    ['sysctl=net/ipv4/ip_forward:perhaps', 'sysctl', 'cannot set net/ipv4/ip_forward to "perhaps"'],
    [`sysctl=net/ipv4/ip_forward:${'1'.repeat(5000)}`, 'sysctl', 'cannot set net/ipv4/ip_forward'],
    ['oomscore=1001', 'privileges', 'cannot set oom_score_adj to 1001'],
    ['oomscore=soon', 'privileges', 'cannot set oom_score_adj to soon'],
    ['drop=-1', 'request', 'drop: expected a number'],
  ])('%.60s is an error', async (argument, phase, message) => {
    await expect(world.shell('true', [argument])).rejects.toMatchObject({
      phase,
      message: expect.stringContaining(message),
    });
  });

  it('parameters of the network need one that is not the host’s', async () => {
    const layer = world.newLayer();
    const request = [...layer.view, 'network=host', 'sysctl=net/ipv4/ip_forward:1', 'arg=/bin/true'];
    await expect(world.helper.request('run', request)).rejects.toMatchObject({
      phase: 'sysctl',
      message: expect.stringContaining("the network is the host's"),
    });
    const ipc = [...layer.view, 'network=host', 'sysctl=kernel/msgmax:4097', 'arg=/bin/true'];
    expect((await world.helper.request('run', ipc)).get('exit')).toBe('0');
  });

  it('capabilities that are dropped are in no set, also not for a setuid program', async () => {
    const netRaw = 2 ** 13;
    const {stdout} = await world.shell('grep -E "Cap(Prm|Eff|Bnd)" /proc/self/status', [`drop=${netRaw}`]);
    expect(stdout.match(/[0-9a-f]{16}/g)).toEqual(Array(3).fill('00000000a80405fb'));
    const none = await world.shell('chown 1 /bin; grep CapBnd /proc/self/status', [`drop=${0xa80425fb}`]);
    expect(none.stdout).toContain('CapBnd:\t0000000000000000');
    expect(none.stderr).toContain('not permitted');
    const free = await world.shell('grep CapBnd /proc/self/status', ['insecure=1', 'drop=1']);
    expect(Number(`0x${free.stdout.match(/[0-9a-f]{16}/)?.[0]}`) % 2).toBe(0);
  });

  it('root that may not set groups is told so, instead of keeping those of the caller', () => {
    const request = ['run', ...world.newLayer().view, 'arg=/bin/true'];
    const without = ['--bounding-set', '-setgid', locateHelper(process.env), ...request];
    const {stderr} = spawnSync('setpriv', without, {encoding: 'utf8'});
    expect(stderr).toContain('cannot set the groups of user 0');
  });

  it('without new privileges a setuid program stays its caller’s', async () => {
    const made = world.newLayer();
    await world.shell('mkdir /s; cp /bin/busybox /s; chmod 4755 /s/busybox', [], made);
    const layers = [made.upper, world.base];
    const become = '/s/busybox su root -c "id -u" 2>&1; grep NoNewPrivs /proc/self/status';
    const free = await world.shell(become, ['user=app'], world.newLayer(layers));
    const bound = await world.shell(become, ['user=app', 'nonewprivs=1'], world.newLayer(layers));
    expect(free.stdout).toBe('0\nNoNewPrivs:\t0\n');
    expect(bound.stdout).toMatch(/must be suid.*\nNoNewPrivs:\t1\n/s);
  });

  it('the score for the kernel’s choice is the payload’s, and the domain its own', async () => {
    const own = readFileSync('/proc/self/oom_score_adj', 'utf8');
    const files = 'cat /proc/self/oom_score_adj /proc/sys/kernel/domainname';
    const {stdout} = await world.shell(files, ['oomscore=500', 'domainname=example.org']);
    expect(stdout).toBe('500\nexample.org\n');
    // Of all capabilities that root has, the one for this is often taken from containers.
    const lower = await world.shell(files, ['oomscore=-500']).then(({stdout: text}) => text, String);
    expect(lower).toMatch(/^-500\n|takes CAP_SYS_RESOURCE: permission denied/);
    expect((await world.shell(files)).stdout).toBe(`${own}(none)\n`);
  });
});
