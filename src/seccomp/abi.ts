// The ways a process can call the kernel of a machine: for each the number of every call by name. A filter has to know
// all ways that the kernel of an architecture offers, or the one it forgot would be the way around it.

import {assert} from '../util/assert.ts';
import {aarch64Calls} from './aarch64.ts';
import {armCalls} from './arm.ts';
import {i386Calls} from './i386.ts';
import {x8664Calls} from './x86-64.ts';

/** What the kernel calls an architecture in a filter (AUDIT_ARCH_*), and the ways to call it under that name. */
export interface AuditArch {
  readonly audit: number;
  /** By ascending numbers. */
  readonly abis: readonly Abi[];
}

export interface Abi {
  readonly name: string;
  /** Bits of an argument that count: processes of 32 bits have no others. */
  readonly argumentBits: 32 | 64;
  readonly numbers: ReadonlyMap<string, number>;
  /** The lowest number that belongs to this way of calling; those of x32 are x86_64's with a bit set. */
  readonly firstNumber: number;
}

/** What `process.arch` calls them. */
export const filteredArchitectures = ['x64', 'arm64'] as const;
export type FilteredArchitecture = (typeof filteredArchitectures)[number];

/** All ways into the kernel of this architecture, its own first, as moby's profile lists them. */
export function auditArchsOf(architecture: FilteredArchitecture): readonly AuditArch[] {
  switch (architecture) {
    case 'x64': {
      const own: Abi = {name: 'x86_64', argumentBits: 64, numbers: callNumbers(x8664Calls), firstNumber: 0};
      const x32: Abi = {name: 'x32', argumentBits: 32, numbers: x32Numbers(), firstNumber: x32Bit};
      const i386: Abi = {name: 'i386', argumentBits: 32, numbers: callNumbers(i386Calls), firstNumber: 0};
      return [
        {audit: 0xc000003e, abis: [own, x32]},
        {audit: 0x40000003, abis: [i386]},
      ];
    }
    case 'arm64': {
      const own: Abi = {
        name: 'aarch64',
        argumentBits: 64,
        numbers: callNumbers(aarch64Calls),
        firstNumber: 0,
      };
      const arm: Abi = {name: 'arm', argumentBits: 32, numbers: callNumbers(armCalls), firstNumber: 0};
      return [
        {audit: 0xc00000b7, abis: [own]},
        {audit: 0x40000028, abis: [arm]},
      ];
    }
  }
}

/** `NUMBER name name - name`: names from a number on, `-` for a number that is nobody's. */
function callNumbers(text: string): Map<string, number> {
  const numbers = new Map<string, number>();
  let next = 0;
  for (const word of text.trim().split(/\s+/)) {
    if (/^\d/.test(word)) {
      next = Number(word);
      continue;
    }
    assert(!numbers.has(word), `a call is in its table once: ${word}`);
    if (word !== '-') numbers.set(word, next);
    next++;
  }
  return numbers;
}

/** __X32_SYSCALL_BIT */
const x32Bit = 0x40000000;

/** syscall_64.tbl again: the entries that are `x32`, and names that are `64` and have no counterpart there. */
const x32OwnCalls = `
512 rt_sigaction rt_sigreturn ioctl readv writev recvfrom sendmsg recvmsg execve ptrace rt_sigpending
  rt_sigtimedwait rt_sigqueueinfo sigaltstack timer_create mq_notify kexec_load waitid set_robust_list
  get_robust_list vmsplice move_pages preadv pwritev rt_tgsigqueueinfo recvmmsg sendmmsg process_vm_readv
  process_vm_writev setsockopt getsockopt io_setup io_submit execveat preadv2 pwritev2
`;
const notInX32 = new Set(
  `uselib _sysctl create_module get_kernel_syms query_module nfsservctl set_thread_area get_thread_area
  epoll_ctl_old epoll_wait_old vserver map_shadow_stack uretprobe uprobe`.split(/\s+/),
);

function x32Numbers(): Map<string, number> {
  const all = new Map([...callNumbers(x8664Calls), ...callNumbers(x32OwnCalls)]);
  return new Map(
    [...all].filter(([name]) => !notInX32.has(name)).map(([name, number]) => [name, x32Bit + number]),
  );
}
