// What holds each attempt of the escape suite, and where it succeeds: the sandbox without that guard.

/**
 * `outside`: without any sandbox · `chroot`: in nothing but a changed root, which has the host's /proc · `chroot-of-init`:
 * the same beside a pid 1 that is like any process · `unfiltered`: in our sandbox without its system call filter ·
 * `host-network`: with the host's network · `insecure`: with all capabilities, no mask, no filter, no nodev.
 */
export type Control = 'outside' | 'chroot' | 'chroot-of-init' | 'unfiltered' | 'host-network' | 'insecure';

export interface Guarded {
  readonly guard: string;
  readonly succeeds: Control;
}

const root = 'a root of its own, the old one detached';
const pids = 'pid namespace';
const untraced = 'no CAP_SYS_PTRACE';
const opaque = `pid 1 is not dumpable, and ${untraced}`;
const nodev = 'no mount but those of the six devices allows devices';
const admin = 'no CAP_SYS_ADMIN; system call filter';
const filter = 'system call filter';
const readonly = 'mounted read-only';
const mask = 'masked';
const network = 'network namespace';
const ipc = 'ipc namespace';

function all(names: string, guard: string, succeeds: Control): [string, Guarded][] {
  return names.split(' ').map((name) => [name, {guard, succeeds}]);
}

/** By name of the attempt (*.c beside this file), in their order. */
export const guards: ReadonlyMap<string, Guarded> = new Map<string, Guarded>([
  ...all('path dots symlink', root, 'outside'),
  ...all('root-of-init', `pid 1 has the root of the sandbox; ${opaque}`, 'chroot-of-init'),
  ...all('working-directory', root, 'outside'),
  ...all(
    'working-directory-of-starter root-of-starter descriptor-of-starter',
    `${pids}; ${untraced}`,
    'chroot',
  ),
  ...all('leaked-descriptor', 'close_range before the program starts', 'chroot'),
  ...all('descriptors-of-init', `pid 1 has none; ${opaque}`, 'chroot-of-init'),
  ...all('chroot', 'pivot_root: nothing is above the root', 'chroot'),
  ...all('file-handle', 'no CAP_DAC_READ_SEARCH; system call filter', 'insecure'),
  ...all('disk-in-root disk-in-dev', nodev, 'insecure'),
  ...all('disk-in-shm', nodev, 'outside'),
  ...all('disk-in-cache disk-in-tmpfs', nodev, 'insecure'),
  ...all('kernel-log-device', `${nodev}; no CAP_SYSLOG`, 'insecure'),
  ...all('port-device', `${nodev}; no CAP_SYS_RAWIO`, 'insecure'),
  ...all('fuse-device loop-control-device', nodev, 'insecure'),
  ...all('write-readonly-bind', readonly, 'insecure'),
  ...all('mountinfo-paths', 'layers are mounted by descriptor', 'outside'),
  ...all('mount-tmpfs mount-proc mount-sysfs mount-cgroup mount-bind', admin, 'insecure'),
  ...all('remount-sys remount-proc-sys unmount-proc unmount-mask', admin, 'insecure'),
  ...all('fsopen pivot-root clone-tree move-mount make-writable', admin, 'insecure'),
  ...all('write-core-pattern write-modprobe write-panic-on-oom write-drop-caches', readonly, 'insecure'),
  ...all('write-sysrq write-irq write-ksm write-hugepages write-cgroup', readonly, 'insecure'),
  ...all('read-keys read-interrupts read-timer-list read-kcore read-acpi read-firmware', mask, 'insecure'),
  ...all('trace-init memory-of-init environment-of-init read-memory-of-init', opaque, 'insecure'),
  ...all('descriptor-of-init compare-with-init', `${opaque}; system call filter`, 'insecure'),
  ...all('signal-host-process', pids, 'outside'),
  ...all('enter-mounts enter-network enter-processes', `${opaque}; ${admin}`, 'insecure'),
  ...all('unshare-user', filter, 'unfiltered'),
  ...all('unshare-mounts unshare-network', admin, 'insecure'),
  ...all('mount-in-user-namespace clone-user clone3-user', filter, 'unfiltered'),
  ...all('shared-memory message-queue', ipc, 'outside'),
  ...all('terminal', 'a session of its own', 'outside'),
  ...all('environment', 'exactly the environment that was given', 'outside'),
  ...all('arguments-of-others', `${pids}, and pid 1 has no arguments`, 'outside'),
  ...all('load-bpf count-events', admin, 'insecure'),
  ...all('user-keyring add-key request-key', filter, 'unfiltered'),
  ...all('key-of-the-starter', 'a session keyring of its own; system call filter', 'outside'),
  ...all('io-uring user-faults watch-file-system', filter, 'unfiltered'),
  ...all('load-module load-module-file remove-module', 'no CAP_SYS_MODULE; system call filter', 'insecure'),
  ...all('load-kernel reboot', 'no CAP_SYS_BOOT; system call filter', 'insecure'),
  ...all('swap-on swap-off', admin, 'insecure'),
  ...all('account', 'no CAP_SYS_PACCT; system call filter', 'insecure'),
  ...all('quotas', filter, 'unfiltered'),
  ...all('read-kernel-log silence-kernel-log', 'no CAP_SYSLOG; system call filter', 'insecure'),
  ...all('tune-clock', 'no CAP_SYS_TIME', 'insecure'),
  ...all('disable-randomisation', filter, 'unfiltered'),
  ...all('raise-priority', 'no CAP_SYS_NICE', 'insecure'),
  ...all('io-ports', 'no CAP_SYS_RAWIO; system call filter', 'insecure'),
  ...all('abstract-socket localhost network-devices', network, 'host-network'),
  ...all('configure-device', 'no CAP_NET_ADMIN', 'insecure'),
  ...all('crypto-socket vm-socket', filter, 'unfiltered'),
  ...all('take-capability inherit-capability', 'bounding and permitted set', 'insecure'),
  ...all('capability-of-a-file', 'bounding set', 'insecure'),
  ...all('realtime', 'no CAP_SYS_NICE', 'insecure'),
  ...all('rename-machine', admin, 'insecure'),
]);
