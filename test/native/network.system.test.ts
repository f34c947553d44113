// Networks of sandboxes, in namespaces of the tests' own: the router stands for the host, the world for the internet.

import {existsSync, readFileSync} from 'node:fs';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import type {HelperProcess} from '../../src/helper/helper-process.ts';
import {type Lease, tryLease} from '../../src/network/lease.ts';
import {childrenOf} from '../support/children-of.ts';
import {NetworkWorld, whyNoNetworks, worldAddress} from '../support/network-world.ts';
import {sandboxFacts} from '../support/sandbox-facts.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';
import {until} from '../support/until.ts';

const reason = whyNotHere() ?? whyNoNetworks();
if (reason !== undefined) process.stderr.write(`network tests are skipped: ${reason}\n`);

let sandboxes: SandboxWorld;
let world: NetworkWorld;

beforeAll(() => {
  sandboxes = new SandboxWorld();
  sandboxes.addMountPoints();
});
afterAll(() => sandboxes.close());

async function newWorld(): Promise<void> {
  world = new NetworkWorld(sandboxes);
  await world.start();
}

interface Leased {
  readonly helper: HelperProcess;
  readonly lease: Lease;
  shell(script: string): Promise<string>;
}

async function leased(): Promise<Leased> {
  const helper = world.startHelper();
  const lease = await world.lease(helper);
  return {helper, lease, shell: async (script) => (await world.shell(helper, lease.argument, script)).stdout};
}

/** The process that began the one which keeps the lease. */
function helperOf({argument}: Lease): number {
  return Number(readFileSync(`/proc/${argument.split('/')[0]}/stat`, 'utf8').split(' ')[3]);
}

/** A server, in a sandbox that stays. */
const server = 'echo here > /index.html && busybox httpd -p 80 -h /';

/** (busybox's own -T crashes when it is linked statically.) */
const fetch = (address: string, seconds = 20) =>
  `busybox timeout ${seconds} busybox wget -q -O - http://${address}/ 2>&1 || echo no answer`;

describe.skipIf(reason !== undefined)('a sandbox with a leased network', () => {
  beforeAll(newWorld);
  afterAll(() => world.close());

  it('reaches the world through the router, and the world sees the router alone', async () => {
    await world.serve('world', `${worldAddress}:80`, 'the world');
    const {shell} = await leased();
    // The world knows no way back to the address of a sandbox.
    expect(await shell(fetch(worldAddress))).toBe('the world');
  });

  it('has one address, a default route, the MTU of the way out, and no IPv6 that nobody asked for', async () => {
    const {shell} = await leased();
    const told = await shell('busybox ip addr; busybox ip route');
    expect(told.match(/^\d+: [^:@]+/gm)).toEqual(['1: lo', '2: eth0']);
    expect(told).toMatch(/eth0.* mtu 1400 /);
    expect(told.match(/inet6? \S+( peer \S+)?/g)).toEqual([
      'inet 127.0.0.1/8',
      'inet6 ::1/128',
      expect.stringMatching(/^inet 10\.221\.0\.\d+ peer 10\.221\.0\.1\/32$/),
    ]);
    expect(told).toMatch(/^default via 10\.221\.0\.1 dev eth0/m);
  });

  it('reaches the host at the address the lease names, not what listens on its loopback device', async () => {
    await world.serve('router', '127.0.0.1:80', 'private');
    await world.serve('router', '0.0.0.0:81', 'public');
    const {shell, lease} = await leased();
    expect(await shell(fetch('127.0.0.1'))).toMatch(/refused/);
    expect(await shell(fetch(lease.hostAddress))).toMatch(/refused/);
    expect(await shell(fetch(`${lease.hostAddress}:81`))).toBe('public');
  });

  it('has neighbours that it cannot reach, and that cannot reach it', async () => {
    const one = await leased();
    await using neighbour = await world.stay(one.helper, one.lease.argument, server);
    const told = await one.shell(`${fetch(neighbour.address, 2)}; busybox ip -o -4 addr show eth0`);
    expect(told).toMatch(/^no answer$.* 10\.221\.0\./ms);
    expect(told).not.toContain(`${neighbour.address} `);
  });

  it('lets nobody in from outside, even who knows the way', async () => {
    world.inWorld('ip', 'route', 'add', '10.221.0.0/20', 'via', '203.0.113.1');
    const {helper, lease} = await leased();
    await using inside = await world.stay(helper, lease.argument, server);
    const tried = world.inWorld('sh', '-c', fetch(inside.address, 2));
    expect(tried).toMatch(/^no answer$/m);
  });

  it('is like a first one, though its worker has done others, with a network and without', async () => {
    const {helper, lease, shell} = await leased();
    const first = await shell(sandboxFacts);
    const alone = await world.shell(helper, 'none', sandboxFacts);
    expect(first).toMatch(/^ *eth0:/m);
    expect(alone.stdout).not.toContain('eth0');
    const mess = `
      busybox ping -c 1 ${lease.hostAddress}; busybox ip addr flush dev eth0; busybox ip link set lo down
      busybox nc -l -p 80 & true`;
    for (let step = 0; step < 4; step++) await shell(mess);
    const workers = childrenOf(helperOf(lease));
    for (let step = 0; step < 3; step++) {
      expect(await shell(sandboxFacts)).toBe(first);
      expect((await world.shell(helper, 'none', sandboxFacts)).stdout).toBe(alone.stdout);
    }
    expect(childrenOf(helperOf(lease))).toEqual(workers);
  });

  it('has its device before parameters of the kernel are set, of that device and of others', async () => {
    const {helper, lease} = await leased();
    const args = ['forwarding', 'rp_filter'].flatMap((name) => [
      `sysctl=net/ipv4/conf/eth0/${name}:1`,
      `sysctl=net/ipv4/conf/default/${name}:0`,
    ]);
    const script = 'cd /proc/sys/net/ipv4/conf; cat eth0/forwarding eth0/rp_filter default/rp_filter';
    const view = [...sandboxes.newLayer().view, ...args];
    expect((await world.shell(helper, lease.argument, script, {view})).stdout).toBe('1\n1\n0\n');
  });

  it('is told when the lease is of somebody who is gone', async () => {
    const {helper, lease} = await leased();
    lease.giveBack();
    await until(() => !existsSync(`/proc/${lease.argument.split('/')[0]}/ns/net`));
    await expect(world.shell(helper, lease.argument, 'true')).rejects.toMatchObject({phase: 'network'});
  });

  it.each([
    ['bridge'],
    ['1/10.0.0.0/1500'],
    ['1/10.0.0/1500/1'],
    ['1/10.0.0.0/1500/9'],
    ['1/10.0.0.0/1500/1x'],
  ])('is refused with %s', async (text) => {
    await expect(world.shell(world.startHelper(), text, 'true')).rejects.toMatchObject({
      phase: 'request',
      message: expect.stringContaining('expected host, none or a lease'),
    });
  });
});

describe.skipIf(reason !== undefined)('a lease', () => {
  beforeEach(newWorld);
  afterEach(() => world.close());

  it('takes a subnet that no route of the host touches', async () => {
    world.inRouter('ip', 'route', 'add', '10.221.8.0/24', 'via', worldAddress, 'table', '7');
    world.inRouter('ip', 'route', 'add', 'blackhole', '10.92.0.0/15');
    const {lease, shell} = await leased();
    expect(lease.hostAddress).toBe('172.30.208.1');
    expect(await shell('busybox ip route')).toContain('default via 172.30.208.1');
  });

  it('says so when there is no such subnet', async () => {
    for (const subnet of ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'])
      world.inRouter('ip', 'route', 'add', subnet, 'via', worldAddress);
    await expect(leased()).rejects.toThrow(
      "every address range for sandboxes is in use by this host's routes",
    );
  });

  it('passes a firewall that drops what is forwarded, with two rules that are added once', async () => {
    world.inRouter('iptables', '-P', 'FORWARD', 'DROP');
    world.inRouter('iptables', '-A', 'FORWARD', '-i', 'docker0', '-j', 'ACCEPT');
    await world.serve('world', `${worldAddress}:80`, 'the world');
    const both = [await leased(), await leased()];
    for (const {shell} of both) expect(await shell(fetch(worldAddress))).toBe('the world');
    expect(world.inRouter('iptables', '-S', 'FORWARD').trim().split('\n')).toEqual([
      '-P FORWARD DROP',
      '-A FORWARD -i tsb+ -m comment --comment tsbuild -j ACCEPT',
      '-A FORWARD -o tsb+ -m comment --comment tsbuild -j ACCEPT',
      '-A FORWARD -i docker0 -j ACCEPT',
    ]);
  });

  it.each([['REJECT'], ['DROP']])('passes a firewall whose last rule is %s', async (target) => {
    world.inRouter('iptables', '-A', 'FORWARD', '-j', target);
    await world.serve('world', `${worldAddress}:80`, 'the world');
    const {shell} = await leased();
    expect(await shell(fetch(worldAddress))).toBe('the world');
  });

  it('says what to do about a firewall of the old kind, which it cannot change', async () => {
    world.inRouter('iptables-legacy', '-P', 'FORWARD', 'DROP');
    world.inRouter('iptables-legacy', '-A', 'FORWARD', '-i', 'docker0', '-j', 'ACCEPT');
    await expect(leased()).rejects.toThrow(
      /drops what is forwarded.*iptables-legacy -I FORWARD -i tsb\+ -j ACCEPT;/,
    );
    for (const flag of ['-i', '-o'])
      world.inRouter('iptables-legacy', '-I', 'FORWARD', flag, 'tsb+', '-j', 'ACCEPT');
    await world.serve('world', `${worldAddress}:80`, 'the world');
    const {shell} = await leased();
    expect(await shell(fetch(worldAddress))).toBe('the world');
  });

  it('gives IPv6 where the host forwards it, and else none', async () => {
    world.inRouter('ip', 'addr', 'add', '2001:db8::1/64', 'dev', 'up0', 'nodad');
    world.inWorld('ip', 'addr', 'add', '2001:db8::2/64', 'dev', 'up0', 'nodad');
    world.inRouter('ip', 'route', 'add', 'default', 'via', '2001:db8::2');
    expect((await leased()).lease.ipv6).toBe(false);
    world.inRouter('sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding');
    world.inRouter('ip', 'route', 'replace', 'default', 'via', '2001:db8::2');
    const {lease, shell} = await leased();
    expect(lease.ipv6).toBe(true);
    await world.serve('world', '[2001:db8::2]:80', 'the new world');
    expect(await shell(fetch('[2001:db8::2]'))).toBe('the new world');
  });

  it('leaves a firewall alone that drops nothing', async () => {
    world.inRouter('iptables', '-A', 'FORWARD', '-i', 'docker0', '-j', 'DROP');
    await leased();
    expect(world.inRouter('iptables', '-S', 'FORWARD').trim().split('\n')).toHaveLength(2);
  });

  it('forwards for the way out and its sandboxes, not for the whole host', async () => {
    world.inRouter('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward');
    await world.serve('world', `${worldAddress}:80`, 'the world');
    const {shell} = await leased();
    expect(await shell(fetch(worldAddress))).toBe('the world');
    const settings = world.inRouter('sh', '-c', 'cd /proc/sys/net/ipv4; cat ip_forward conf/up0/forwarding');
    expect(settings).toBe('0\n1\n');
  });

  it('of one build does not disturb that of another, and their sandboxes never collide', async () => {
    const [one, other] = [await leased(), await leased()];
    const sandboxOf = ({helper, lease}: Leased) => world.stay(helper, lease.argument, 'true');
    const four = await Promise.all([one, other, one, other].map(sandboxOf));
    expect(new Set(four.map(({address}) => address)).size).toBe(4);
    for (const sandbox of four) await sandbox[Symbol.asyncDispose]();
    one.lease.giveBack();
    await world.serve('world', `${worldAddress}:80`, 'the world');
    expect(await other.shell(fetch(worldAddress))).toBe('the world');
  });

  it('needs the capability to change networks', async () => {
    const helper = world.startHelper('setpriv --bounding-set -net_admin');
    await expect(world.lease(helper)).rejects.toMatchObject({phase: 'network', errno: 1});
  });

  it('that is a try only is like a real one inside, and changes nothing of the host', async () => {
    const settings = ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv4/conf/up0/forwarding'];
    world.inRouter('sh', '-c', `for file in ${settings.join(' ')}; do echo 0 > $file; done`);
    const hostNow = (): string =>
      world.inRouter('sh', '-c', `cat ${settings.join(' ')}; iptables -S; ip -brief addr; ip route`);
    const before = hostNow();
    const helper = world.startHelper();
    const lease = await tryLease(helper);
    const inside = await world.shell(
      helper,
      lease.argument,
      'busybox ip -4 addr show eth0; busybox ip route',
    );
    expect(inside.stdout).toMatch(/mtu 1400 /);
    expect(inside.stdout).toMatch(/inet 10\.221\.\d+\.\d+ peer .*\ndefault via /s);
    expect(hostNow()).toBe(before);
    lease.giveBack();
    expect(hostNow()).toBe(before);
  });

  it('that is a try only needs the capability, too', async () => {
    const helper = world.startHelper('setpriv --bounding-set -net_admin');
    await expect(tryLease(helper)).rejects.toMatchObject({phase: 'network', errno: 1});
  });

  it('leaves nothing when everything is killed, and the next one works', async () => {
    const {helper, lease} = await leased();
    const running = world.shell(helper, lease.argument, 'sleep 100').catch((error: unknown) => error);
    await until(() => world.inRouter('ip', '-brief', 'link').includes('tsb0@'));
    process.kill(helperOf(lease), 'SIGKILL');
    await running;
    expect(await world.left()).toEqual([]);
    await world.serve('world', `${worldAddress}:80`, 'the world');
    const again = await leased();
    expect(await again.shell(fetch(worldAddress))).toBe('the world');
  });
});
