// The same root file system and process under crun, with the configuration that docker gives to its OCI runtime:
// mounts, masked paths, capabilities and system call policy. What our sandboxes are compared with.

import {spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {keptCapabilities} from '../../src/ops/exec/system-call-filter.ts';
import {type Condition, policy} from '../../src/seccomp/policy.ts';

export interface CrunProcess {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly hostname: string;
}

/** Runs the process on a copy of `base`; its standard output. */
export function runInCrun(folder: string, base: string, process: CrunProcess): string {
  mkdirSync(folder, {recursive: true});
  cpSync(base, join(folder, 'rootfs'), {recursive: true, verbatimSymlinks: true});
  writeFileSync(join(folder, 'config.json'), JSON.stringify(configOf(process)));
  // It takes no part in cgroups, whose versions and controllers differ from machine to machine: it sees none.
  const script = `mount --make-rprivate /
    umount -R /sys/fs/cgroup
    mount -t tmpfs none /sys/fs/cgroup || exit
    exec crun --root "$0/run" --cgroup-manager=disabled run --bundle "$0" "facts-$$"`;
  const run = spawnSync('unshare', ['-m', 'sh', '-c', script, folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (run.status !== 0) throw new Error(`crun ended with ${run.status}: ${run.stderr}`);
  return run.stdout;
}

/** The parts of an OCI runtime's config.json that are set here. */
export interface OciConfig {
  readonly process: {
    readonly capabilities: Readonly<Record<string, readonly string[]>>;
    readonly noNewPrivileges?: boolean;
    readonly rlimits?: readonly unknown[];
    readonly [more: string]: unknown;
  };
  readonly mounts: readonly OciMount[];
  readonly linux: {
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly devices?: readonly unknown[];
    readonly seccomp: {readonly syscalls: readonly OciRule[]; readonly [more: string]: unknown};
    readonly [more: string]: unknown;
  };
  readonly [more: string]: unknown;
}

interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface OciRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly OciCondition[];
}

export interface OciCondition {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: string;
}

export function configOf({args, env, hostname}: CrunProcess): OciConfig {
  const capabilities = [...keptCapabilities];
  return {
    ociVersion: '1.0.0',
    process: {
      terminal: false,
      user: {uid: 0, gid: 0, additionalGids: [0, 10], umask: 0o22},
      args,
      env,
      cwd: '/',
      capabilities: {bounding: capabilities, effective: capabilities, permitted: capabilities},
      noNewPrivileges: false,
    },
    root: {path: 'rootfs'},
    hostname,
    mounts: [
      mount('/proc', 'proc', 'nosuid,noexec,nodev'),
      mount('/dev', 'tmpfs', 'nosuid,strictatime,mode=755,size=65536k'),
      mount('/dev/pts', 'devpts', 'nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5'),
      mount('/sys', 'sysfs', 'nosuid,noexec,nodev,ro'),
      mount('/dev/mqueue', 'mqueue', 'nosuid,noexec,nodev'),
      mount('/dev/shm', 'tmpfs', 'nosuid,noexec,nodev,mode=1777,size=67108864', 'shm'),
    ],
    linux: {
      namespaces: ['mount', 'network', 'uts', 'pid', 'ipc', 'cgroup'].map((type) => ({type})),
      maskedPaths: [
        ...'acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list timer_stats'
          .split(' ')
          .map((name) => `/proc/${name}`),
        '/sys/firmware',
        '/sys/devices/virtual/powercap',
      ],
      readonlyPaths: 'bus fs irq sys sysrq-trigger'.split(' ').map((name) => `/proc/${name}`),
      seccomp: seccompOf(),
    },
  };
}

function mount(destination: string, type: string, options: string, source = type): OciMount {
  return {destination, type, source, options: options.split(',')};
}

/** Our table of the policy in the form of the OCI: libseccomp makes the filter of it. */
function seccompOf(): OciConfig['linux']['seccomp'] {
  const rules = policy.filter(
    ({needs, unless, on = 'x64'}) =>
      (needs === undefined || keptCapabilities.has(needs)) &&
      (unless === undefined || !keptCapabilities.has(unless)) &&
      on === process.arch,
  );
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: process.arch === 'arm64' ? ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'] : x86,
    syscalls: rules.flatMap(({calls, when, fails}) =>
      argumentsOf(when).map((args) => ({
        names: calls,
        action: fails === undefined ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_ERRNO',
        ...(fails === undefined ? {} : {errnoRet: 38}),
        ...(args === undefined ? {} : {args: [args]}),
      })),
    ),
  };
}

const x86 = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];

/** Ranges one value at a time: two comparisons of one argument are alternatives for OCI runtimes. */
function argumentsOf(condition: Condition | undefined): readonly (OciCondition | undefined)[] {
  if (condition === undefined) return [undefined];
  const index = condition.argument;
  if ('without' in condition)
    return [{index, value: condition.without, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ'}];
  return condition.within.flatMap(([first, last]) =>
    Array.from({length: last - first + 1}, (_, step) => ({index, value: first + step, op: 'SCMP_CMP_EQ'})),
  );
}
