// System calls of the helper that fail one by one: where, as `inject.c` is told it, and which of them are rightly no
// failure of the run, with the reason.

import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {constants} from 'node:os';
import {fileURLToPath} from 'node:url';
import {auditArchsOf} from '../../src/seccomp/abi.ts';
import type {SandboxWorld} from './sandbox-world.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
const numbers = auditArchsOf(architecture)[0]?.abis[0]?.numbers ?? new Map<string, number>();
const nameOf = new Map([...numbers].map(([name, number]) => [number, name]));

/** One call of one process: of the program that is started (`0`), of the second that it began (`0.1`), and so on. */
export interface Site {
  readonly process: string;
  readonly call: string;
  readonly occurrence: number;
}

/** Of a process in a run: 0 worker, 1 first process of the sandbox, 2 the one that begins the payload, 3 payload. */
export type Role = 0 | 1 | 2 | 3;

/** Of the processes of a helper that is started for one run. */
export const roleInRun: Readonly<Record<string, Role>> = {'0': 0, '0.0': 1, '0.1': 2, '0.1.0': 3};

const [cLibrary, neverFails, fallsBack, secondGuard, bestEffort, sweeping, looking, again] = [
  'the C library does it on its own, or for what the program does not ask for',
  'the kernel cannot refuse what is asked of it here',
  'there is another way, which is taken',
  'it guards what has another guard',
  'what is wanted is given where it can be had',
  'the next run sweeps what this one could not remove',
  'an answer that cannot be had means no, and then more is done rather than less',
  'it is done once more within half a second',
];

/** By role or for all: the reason. */
const optional: Readonly<Record<string, string>> = {
  clock_gettime: neverFails,
  close: neverFails,
  geteuid: neverFails,
  getegid: neverFails,
  getpid: neverFails,
  getrandom: cLibrary,
  prlimit64: cLibrary,
  readlink: cLibrary,
  rseq: cLibrary,
  rt_sigaction: neverFails,
  rt_sigprocmask: neverFails,
  set_robust_list: cLibrary,
  set_tid_address: cLibrary,
  umask: neverFails,
  '0 access': bestEffort,
  '0 bind': fallsBack,
  '0 execveat': secondGuard,
  '0 fchmod': secondGuard,
  '0 fcntl': secondGuard,
  '0 fsconfig': fallsBack,
  '0 fsmount': fallsBack,
  '0 fsopen': fallsBack,
  '0 fstat': looking,
  '0 fstatfs': looking,
  '0 getdents64': sweeping,
  '0 ioctl': secondGuard,
  '0 listxattr': looking,
  '0 lseek': cLibrary,
  '0 memfd_create': secondGuard,
  '0 newfstatat': looking,
  '0 openat': bestEffort,
  '0 openat2': looking,
  '0 read': bestEffort,
  '0 readlinkat': looking,
  '0 rmdir': sweeping,
  '0 sendfile': secondGuard,
  '0 setdomainname': bestEffort,
  '0 setsockopt': bestEffort,
  '0 socket': fallsBack,
  '0 waitid': again,
  '0 write': bestEffort,
  '1 poll': looking,
  '3 fchown': bestEffort,
  '3 fsconfig': bestEffort,
  '3 fsmount': bestEffort,
  '3 fsopen': bestEffort,
  '3 fstat': looking,
  '3 newfstatat': looking,
};

/** Not tried: before the helper's own code, without a result, or without an error. */
const untried = ['arch_prctl', 'brk', 'exit', 'exit_group', 'mprotect', 'rt_sigreturn'];
const forMemory = ['clone', 'clone3', 'fork', 'mmap', 'mremap', 'vfork'];

/** Whether a run may go well although this call failed. */
export function mayPass(role: Role, call: string): boolean {
  return (optional[call] ?? optional[`${role} ${call}`]) !== undefined;
}

/** Whether what it would have removed is left to the next run. */
export function sweeps(role: Role, call: string): boolean {
  return optional[`${role} ${call}`] === sweeping;
}

/** The injector's program. */
export function buildInjector(world: SandboxWorld): string {
  const program = world.path('inject');
  const source = fileURLToPath(new URL('../native/inject.c', import.meta.url));
  execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', program, source]);
  return program;
}

/** What the injector is told of a site; of none: nothing fails. */
export function wordsOf(site: Site | undefined): readonly string[] {
  if (site === undefined) return ['-', '0', '0', '0'];
  const error = forMemory.includes(site.call) ? constants.errno.ENOMEM : constants.errno.EIO;
  return [site.process, numbers.get(site.call) ?? 0, site.occurrence, error].map(String);
}

/** What can fail of the calls that the injector has noted, in their order. */
export function callsIn(log: string): Site[] {
  const seen = new Map<string, number>();
  return readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [of = '', number = ''] = line.split(' ');
      const occurrence = (seen.get(line) ?? 0) + 1;
      seen.set(line, occurrence);
      const call = nameOf.get(Number(number)) ?? `call ${number}`;
      return untried.includes(call) ? [] : [{process: of, call, occurrence}];
    });
}
