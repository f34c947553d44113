import {describe, expect, it} from 'vitest';
import {limitRemedy} from '../../../src/build/doctor/limit-remedy.ts';
import {networkRemedy, overlayRemedy, sandboxRemedy} from '../../../src/build/doctor/remedies.ts';
import {HelperError} from '../../../src/helper/helper.ts';
import {allIds, hostOf, mountLine} from './made-up-host.ts';

const [notPermitted, notThere, refused, noDevice, noSpace, readOnly] = [1, 2, 13, 19, 28, 30];
const namespaces = new HelperError('namespaces', notPermitted, '', 'cannot make a user namespace');

describe('namespaces that are refused', () => {
  it.each([
    ['unprivileged_userns_clone', '0', 'as root: sysctl -w kernel.unprivileged_userns_clone=1'],
    [
      'apparmor_restrict_unprivileged_userns',
      '1',
      'as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    ],
  ])('by %s', (name, value, fix) => {
    const host = hostOf({texts: {[`/proc/sys/kernel/${name}`]: `${value}\n`}});
    expect(sandboxRemedy(host, namespaces)).toEqual({why: `kernel.${name} is ${value}`, fix});
  });

  it('by numbers', () => {
    const texts = {'/proc/sys/user/max_user_namespaces': '0\n', '/proc/sys/user/max_net_namespaces': '9\n'};
    const error = new HelperError('namespaces', noSpace, '', 'cannot make a user namespace');
    expect(sandboxRemedy(hostOf({texts}), error)).toEqual({
      why: 'user.max_user_namespaces is 0',
      fix: 'as root: sysctl -w user.max_user_namespaces=28633',
    });
    // One that is merely used up.
    expect(sandboxRemedy(hostOf(), error)?.fix).toBe('as root: sysctl -w user.max_user_namespaces=28633');
    expect(
      sandboxRemedy(hostOf({texts}), new HelperError('mounts', noSpace, '', 'disk full')),
    ).toBeUndefined();
  });

  it('for want of capabilities', () => {
    const texts = {'/proc/self/status': 'CapEff:\t00000000a80425fb\n', '/proc/self/uid_map': allIds};
    const {why, fix} = sandboxRemedy(hostOf({uid: 0, texts}), namespaces) ?? {};
    expect(why).toBe('root has no CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_SYS_ADMIN here, as in a container');
    expect(fix).toMatch(/docker run .*--cap-add SYS_ADMIN .*seccomp=unconfined/);
  });

  it('by a filter of system calls', () => {
    const texts = {'/proc/self/status': 'Seccomp:\t2\n'};
    const {why, fix} = sandboxRemedy(hostOf({texts}), namespaces) ?? {};
    expect(why).toContain('seccomp');
    expect(fix).toMatch(/^docker run --security-opt seccomp=unconfined .*systempaths=unconfined/);
  });

  it('for a reason that nothing tells, as in a chroot', () => {
    expect(sandboxRemedy(hostOf(), namespaces)?.why).toContain('chroot');
  });
});

it('what hides a part of /proc is named', () => {
  const mountinfo = ['/', '/proc', '/proc/sys/fs/binfmt_misc', '/proc/keys', '/proc/acpi']
    .map((place) => mountLine(place, 'tmpfs'))
    .join('');
  const error = new HelperError('mounts', notPermitted, '/proc', 'cannot mount proc');
  const remedy = sandboxRemedy(hostOf({texts: {'/proc/self/mountinfo': mountinfo}}), error);
  expect(remedy?.why).toBe('hidden: /proc/keys /proc/acpi');
  expect(remedy?.fix).toMatch(/systempaths=unconfined.*as root: umount \/proc\/keys \/proc\/acpi$/);
});

it('overlay is loaded where the kernel does not know it, and moved where it cannot be', () => {
  expect(overlayRemedy(hostOf({uid: 0}), noDevice, '/x').fix).toBe('modprobe overlay');
  const texts = {'/proc/self/mountinfo': mountLine('/', 'ext4') + mountLine('/srv/state', 'nfs4')};
  expect(overlayRemedy(hostOf({texts}), 22, '/srv/state/tsbuild').why).toBe('it is nfs4');
});

describe('networks', () => {
  it.each([
    ['no slirp4netns', {}, 'slirp4netns is not in PATH', 'as root: apt install slirp4netns'],
    [
      'no tun device',
      {},
      'open("/dev/net/tun"): No such file',
      expect.stringContaining('mknod -m 666 /dev/net/tun c 10 200'),
    ],
    [
      'a tun device of root’s',
      {'/dev/net/tun': 0o020600},
      'open("/dev/net/tun"): Permission denied',
      'as root: chmod 0666 /dev/net/tun',
    ],
    ['no nf_tables', {}, 'the kernel has no nf_tables', 'as root: modprobe -a veth nf_tables'],
  ])('with %s', (_, modes, message, fix) => {
    expect(networkRemedy(hostOf({modes}), new HelperError('network', 0, '', message)).fix).toEqual(fix);
  });

  it('with settings that cannot be changed', () => {
    const texts = {
      '/proc/self/mountinfo': mountLine('/proc', 'proc') + mountLine('/proc/sys', 'proc', 'ro'),
      '/proc/self/uid_map': allIds,
    };
    const error = new HelperError('network', readOnly, '', 'cannot let this host forward packets');
    expect(networkRemedy(hostOf({uid: 0, texts}), error).fix).toBe('mount -o remount,bind,rw /proc/sys');
  });
});

describe('limits', () => {
  const denied = new HelperError('limits', refused, '/sys/fs/cgroup/tsbuild-1', 'permission denied');
  const second = mountLine('/sys/fs/cgroup', 'cgroup2');
  const controllers = {'/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n'};

  it('are delegated by systemd where it runs', () => {
    const host = hostOf({
      texts: {'/proc/self/mountinfo': second, ...controllers},
      modes: {'/run/systemd/system': 0o040755},
    });
    expect(limitRemedy(host, denied, 'memory')).toContain('systemd-run --user --scope -p Delegate=yes');
    const less = new HelperError(
      'limits',
      0,
      '',
      'the controller for cpu-quota is not delegated to this group',
    );
    expect(limitRemedy(host, less, 'cpu')).toContain('Delegate=cpu cpuset io memory pids');
  });

  it('are delegated by root in a hierarchy of version 2', () => {
    const host = hostOf({userName: 'ann', texts: {'/proc/self/mountinfo': second, ...controllers}});
    expect(limitRemedy(host, denied, 'blkio')).toBe(
      'as root: echo +memory +cpu +cpuset +pids +io > /sys/fs/cgroup/cgroup.subtree_control && mkdir -p /sys/fs/cgroup/tsbuild && chown -R ann /sys/fs/cgroup/tsbuild && echo 77 > /sys/fs/cgroup/tsbuild/cgroup.procs',
    );
  });

  it('and in those of version 1', () => {
    // Not in one of a controller that is not mounted: its place would be a directory as any other.
    const mounted = ['memory', 'blkio'].map((name) =>
      mountLine(`/sys/fs/cgroup/${name}`, 'cgroup', 'rw', `rw,${name}`),
    );
    const texts = {'/proc/self/mountinfo': mounted.join('')};
    const fix = limitRemedy(hostOf({userName: 'ann', texts}), denied, 'blkio');
    expect(fix).toMatch(/^as root: for c in memory blkio; .*chown -R ann \$g; echo 77 > /);
  });

  const absent = new HelperError('limits', 0, '', 'this system has no memory controller for control groups');
  const table = (number: number, enabled: number): string =>
    ['memory', 'cpu', 'cpuset', 'pids', 'blkio']
      .map((name) => `${name}\t${number}\t1\t${name === 'memory' ? enabled : 1}\n`)
      .join('');

  it.each([
    ['nothing is mounted', '', table(0, 1), 'mount -t cgroup2 cgroup2 /sys/fs/cgroup'],
    [
      'a hierarchy of version 1 is not',
      ['cpu', 'cpuset', 'pids', 'blkio']
        .map((name) => mountLine(`/sys/fs/cgroup/${name}`, 'cgroup', 'rw', `rw,${name}`))
        .join(''),
      table(4, 1),
      'mkdir -p /sys/fs/cgroup/memory && mount -t cgroup -o memory memory /sys/fs/cgroup/memory',
    ],
    ['the kernel has it switched off', '', table(0, 0), expect.stringContaining('cgroup_enable=memory')],
  ])('where %s', (_, mountinfo, cgroups, fix) => {
    const texts = {
      '/proc/self/mountinfo': mountinfo,
      '/proc/cgroups': `#subsys_name\thierarchy\tnum_cgroups\tenabled\n${cgroups}`,
      '/proc/self/uid_map': allIds,
    };
    expect(limitRemedy(hostOf({uid: 0, texts}), absent, 'memory')).toEqual(fix);
  });

  it('a kernel without one controller is told of where it is missed, and not where the others are', () => {
    const cgroups = `#subsys_name\thierarchy\tnum_cgroups\tenabled\n${table(4, 1)}`.replace(
      /^blkio.*\n/m,
      '',
    );
    const host = hostOf({uid: 0, texts: {'/proc/cgroups': cgroups, '/proc/self/uid_map': allIds}});
    expect(limitRemedy(host, absent, 'blkio')).toMatch(
      /^boot a kernel that has blkio; .*cgroup_enable=blkio$/,
    );
    expect(limitRemedy(host, absent, 'memory')).toMatch(
      / && mount -t cgroup -o memory memory .* -o pids pids /,
    );
    expect(limitRemedy(host, absent, 'memory')).not.toContain('blkio');
  });

  it('what a kernel with the controller cannot limit is told by the name of its option', () => {
    const error = new HelperError('limits', 0, '', 'this kernel has no device-read-bps');
    expect(limitRemedy(hostOf(), error, 'blkio')).toBe('boot a kernel with CONFIG_BLK_DEV_THROTTLING');
  });
});

it('a device that is not there is made', () => {
  const error = new HelperError('mounts', notThere, '/dev/full', 'cannot bind');
  expect(sandboxRemedy(hostOf(), error)?.fix).toBe('as root: mknod -m 666 /dev/full c 1 7');
});
