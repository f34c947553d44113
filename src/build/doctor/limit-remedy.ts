// What lets steps have limits: control groups that are there and ours to make groups in, of version 1 or 2
// (cgroups(7)).

import type {HelperError} from '../../helper/helper.ts';
import type {Mount} from '../../util/mounts.ts';
import {asRoot, type Host, mountsOf} from './host.ts';
import {errnos} from './remedies.ts';

/** As version 1 calls them. */
const controllers = ['memory', 'cpu', 'cpuset', 'pids', 'blkio'] as const;
export type Controller = (typeof controllers)[number];

/** What a kernel is built with that has the controller, but not the file for the limit that is tried. */
const options: Readonly<Record<Controller, string>> = {
  memory: 'CONFIG_MEMCG',
  cpu: 'CONFIG_CFS_BANDWIDTH',
  cpuset: 'CONFIG_CPUSETS',
  pids: 'CONFIG_CGROUP_PIDS',
  blkio: 'CONFIG_BLK_DEV_THROTTLING',
};
const place = '/sys/fs/cgroup';

export function limitRemedy(host: Host, error: HelperError, controller: Controller): string {
  const {errno, message} = error;
  if (errno === errnos.readOnly) {
    const places = groupMounts(host).filter(({options}) => options.includes('ro'));
    const each = places.map((mount) => mount.place).join(' ');
    const command = asRoot(host, `for m in ${each}; do mount -o remount,bind,rw $m; done`);
    return `${command} (in a container: docker run --privileged, or -v ${place}:${place}:rw)`;
  }
  if (message.startsWith('this kernel has no')) return `boot a kernel with ${options[controller]}`;
  if (message.includes('has no')) return absentRemedy(host, controller);
  if (message.includes('not delegated')) return delegateMore(host);
  if (errno === errnos.refused || errno === errnos.notPermitted) return delegate(host);
  return 'see what the kernel says of it: cat /proc/self/cgroup /proc/cgroups';
}

function groupMounts(host: Host): readonly Mount[] {
  return mountsOf(host).filter(({type}) => type === 'cgroup' || type === 'cgroup2');
}

/** For a controller that is in no hierarchy we see: not mounted, switched off, or not in the kernel. */
function absentRemedy(host: Host, controller: Controller): string {
  const mounted = groupMounts(host);
  const known = host
    .text('/proc/cgroups')
    .split('\n')
    .map((line) => line.split('\t'));
  const isEnabled = (name: string): boolean =>
    known.some(([each, , , enabled]) => each === name && enabled === '1');
  if (!isEnabled(controller)) {
    return `boot a kernel that has ${controller}; where it is only switched off, with the parameter cgroup_enable=${controller}`;
  }
  // One command for all that a mount would bring.
  const absent = absentFrom(mounted).filter(isEnabled);
  const isSecond = absent.every((name) => known.some(([each, number]) => each === name && number === '0'));
  if (mounted.length === 0 && isSecond) return asRoot(host, `mount -t cgroup2 cgroup2 ${place}`);
  const commands = absent.map(
    (name) => `mkdir -p ${place}/${name} && mount -t cgroup -o ${name} ${name} ${place}/${name}`,
  );
  // The kernel's own directory there takes no others.
  if (mounted.length === 0) commands.unshift(`mount -t tmpfs cgroup ${place}`);
  return asRoot(host, commands.join(' && '));
}

function absentFrom(mounted: readonly Mount[]): readonly Controller[] {
  const seen = new Set(mounted.flatMap(({superOptions}) => superOptions));
  return controllers.filter((name) => !seen.has(name));
}

/** A group of the user's own, for the shell that tsbuild is started from. */
function delegate(host: Host): string {
  const second = mountsOf(host).find(({type}) => type === 'cgroup2');
  const shared = second === undefined ? '' : host.text(`${second.place}/cgroup.controllers`);
  const who = host.userName ?? host.uid;
  const names = controllers.map((name) => (name === 'blkio' ? 'io' : name));
  const has = names.filter((name) => shared.split(/\s+/).includes(name));
  if (second === undefined || has.length === 0) {
    // Version 1: a group in each hierarchy. One of cpuset takes nobody before it has processors and memory.
    const each = [
      `g=${place}/$c/tsbuild; mkdir -p $g`,
      '[ $c != cpuset ] || for f in cpus mems; do cat $g/../cpuset.$f > $g/cpuset.$f; done',
      `chown -R ${who} $g; echo ${host.pid} > $g/cgroup.procs`,
    ];
    const absent = absentFrom(groupMounts(host));
    const there = controllers.filter((name) => !absent.includes(name));
    return asRoot(host, `for c in ${there.join(' ')}; do ${each.join('; ')}; done`);
  }
  if (host.mode('/run/systemd/system') !== undefined)
    return 'in a group of your own: systemd-run --user --scope -p Delegate=yes tsbuild …';
  const group = `${second.place}/tsbuild`;
  const share = has.map((name) => `+${name}`).join(' ');
  return asRoot(
    host,
    `echo ${share} > ${second.place}/cgroup.subtree_control && mkdir -p ${group} && chown -R ${who} ${group} && echo ${host.pid} > ${group}/cgroup.procs`,
  );
}

function delegateMore(host: Host): string {
  if (host.mode('/run/systemd/system') === undefined)
    return asRoot(
      host,
      "echo '+memory +cpu +cpuset +io +pids' > cgroup.subtree_control in each group above it",
    );
  const folder = '/etc/systemd/system/user@.service.d';
  return asRoot(
    host,
    `mkdir -p ${folder} && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' > ${folder}/delegate.conf && systemctl daemon-reload; then log in again`,
  );
}
