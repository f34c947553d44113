// What mends a sandbox that cannot be made: the helper says what the kernel refused, and the facts about the host say
// why it did. Each answer is the reason, where the helper's message does not have it, and the command.

import type {HelperError} from '../../helper/helper.ts';
import {asRoot, type Host, isNested, mountAt, mountsOf, statusOf} from './host.ts';

export interface Remedy {
  readonly why?: string;
  readonly fix: string;
}

/** errno(3) */
export const errnos = {notPermitted: 1, notThere: 2, refused: 13, noDevice: 19, noSpace: 28, readOnly: 30};

/** capabilities(7): those that docker's containers do not have, and that a sandbox takes. */
const neededCapabilities = {CAP_NET_ADMIN: 12, CAP_SYS_PTRACE: 19, CAP_SYS_ADMIN: 21};

function lackingCapabilities(host: Host): readonly string[] {
  const effective = BigInt(`0x${statusOf(host, 'CapEff') || 'ffffffffffffffff'}`);
  const lacking = Object.entries(neededCapabilities).filter(
    ([, bit]) => ((effective >> BigInt(bit)) & 1n) === 0n,
  );
  return lacking.map(([name]) => name);
}

const containerOfRoot =
  'docker run --privileged, or --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add SYS_PTRACE --security-opt seccomp=unconfined --security-opt apparmor=unconfined, with --root on a volume';
const containerOfUser =
  'docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined, with --root on a volume';

/** What keeps a namespace or a mount from being made here, by what the kernel said. */
export function sandboxRemedy(host: Host, error: HelperError): Remedy | undefined {
  const {errno, phase} = error;
  if (errno === errnos.noSpace) return phase === 'namespaces' ? numberRemedy(host) : undefined;
  const node = deviceIn(error);
  if (node !== undefined && errno === errnos.notThere) return {fix: nodeCommand(host, [node])};
  if (errno !== errnos.notPermitted && errno !== errnos.refused) return undefined;
  const known = rightsRemedy(host) ?? hiddenRemedy(host, error) ?? filterRemedy(host);
  return known ?? (phase === 'namespaces' && host.uid !== 0 ? inChroot : undefined);
}

/** user_namespaces(7). Nothing tells a chroot from the machine's own root. */
const inChroot: Remedy = {
  why: 'no setting forbids it, but the kernel does in a chroot, and a security module may',
  fix: 'in a chroot: enter it with a program that changes the root by pivot_root, as systemd-nspawn -D DIR or bwrap do',
};

const kinds = ['user', 'mnt', 'pid', 'ipc', 'uts', 'net', 'cgroup'] as const;

/** namespaces(7): the numbers of namespaces are limited, and 0 switches a kind off. */
function numberRemedy(host: Host): Remedy {
  const files = kinds.map((kind) => `max_${kind}_namespaces`);
  const off = files.filter((file) => host.text(`/proc/sys/user/${file}`).trim() === '0');
  const settings = (off.length > 0 ? off : ['max_user_namespaces']).map((file) => `user.${file}=28633`);
  const fix = asRoot(host, `sysctl -w ${settings.join(' ')}`);
  const why = off.map((file) => `user.${file} is 0`).join(', ');
  return why === '' ? {fix} : {why, fix};
}

function rightsRemedy(host: Host): Remedy | undefined {
  if (host.uid === 0) {
    const lacking = lackingCapabilities(host);
    if (lacking.length === 0) return undefined;
    return {why: `root has no ${lacking.join(', ')} here, as in a container`, fix: containerOfRoot};
  }
  if (host.text('/proc/sys/kernel/unprivileged_userns_clone').trim() === '0') {
    const fix = asRoot(host, 'sysctl -w kernel.unprivileged_userns_clone=1');
    return {why: 'kernel.unprivileged_userns_clone is 0', fix};
  }
  if (host.text('/proc/sys/kernel/apparmor_restrict_unprivileged_userns').trim() === '1') {
    const fix = asRoot(host, 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0');
    return {why: 'kernel.apparmor_restrict_unprivileged_userns is 1', fix};
  }
  return undefined;
}

/** mount_namespaces(7): proc can be mounted in a user namespace only where nothing of the old one is hidden. */
function hiddenRemedy(host: Host, {path}: HelperError): Remedy | undefined {
  if (path !== '/proc' || (host.uid === 0 && !isNested(host))) return undefined;
  const places = mountsOf(host).map(({place}) => place);
  const hidden = places.filter((place) => place.startsWith('/proc/') && place !== '/proc/sys/fs/binfmt_misc');
  if (hidden.length === 0) return undefined;
  return {
    why: `hidden: ${hidden.join(' ')}`,
    fix: `${containerOfUser}; or ${asRoot(host, `umount ${hidden.join(' ')}`)}`,
  };
}

function filterRemedy(host: Host): Remedy | undefined {
  if (!['1', '2'].includes(statusOf(host, 'Seccomp'))) return undefined;
  const fix = host.uid === 0 ? containerOfRoot : containerOfUser;
  return {why: 'a filter of system calls (seccomp) is on this process, as in a container', fix};
}

/** Those that a sandbox gets, with the numbers that the kernel knows them by (Documentation/admin-guide/devices.txt). */
export const deviceNodes: Readonly<Record<string, string>> = {
  null: 'c 1 3',
  zero: 'c 1 5',
  full: 'c 1 7',
  random: 'c 1 8',
  urandom: 'c 1 9',
  tty: 'c 5 0',
};

function deviceIn({path}: HelperError): string | undefined {
  const name = path.startsWith('/dev/') ? path.slice('/dev/'.length) : '';
  return Object.hasOwn(deviceNodes, name) ? name : undefined;
}

export function nodeCommand(host: Host, names: readonly string[]): string {
  return asRoot(host, names.map((name) => `mknod -m 666 /dev/${name} ${deviceNodes[name]}`).join(' && '));
}

/** errno and the file system that overlay was to be mounted on, by its mount. */
export function overlayRemedy(host: Host, errno: number, directory: string): Remedy {
  if (errno === errnos.noDevice) {
    return {why: 'this kernel has no overlay file system', fix: asRoot(host, 'modprobe overlay')};
  }
  const type = mountAt(host, directory)?.type;
  const fix =
    'choose a --root on ext4, xfs, btrfs or tmpfs (not NFS, not inside of another overlay: in a container on a volume)';
  return type === undefined ? {fix} : {why: `it is ${type}`, fix};
}

const tun = '/dev/net/tun';

/** What gives sandboxes networks of their own, by what the helper said of its attempt. */
export function networkRemedy(host: Host, {message, errno, path}: HelperError): Remedy {
  if (errno === errnos.noSpace) return numberRemedy(host);
  if (message.includes('not in PATH')) return {fix: asRoot(host, 'apt install slirp4netns')};
  if (message.includes(tun)) {
    if (host.mode(tun) !== undefined) return {fix: asRoot(host, `chmod 0666 ${tun}`)};
    const command = `modprobe tun && mkdir -p /dev/net && mknod -m 666 ${tun} c 10 200`;
    return {fix: `${asRoot(host, command)} (in a container: docker run --device ${tun})`};
  }
  const readOnly = mountAt(host, path || '/proc/sys/net');
  if (errno === errnos.readOnly && readOnly?.options.includes('ro'))
    return {fix: asRoot(host, `mount -o remount,bind,rw ${readOnly.place}`)};
  if (errno === errnos.notPermitted || errno === errnos.refused) {
    const known = rightsRemedy(host) ?? filterRemedy(host);
    if (known !== undefined) return known;
  }
  return {fix: asRoot(host, 'modprobe -a veth nf_tables')};
}
