// The numbers of system calls beside the kernel headers of this machine. They may be older than our tables or newer:
// what both have has to be the same. Those of another machine are compared where its headers are installed.

import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {auditArchsOf} from '../../src/seccomp/abi.ts';
import {needCommand, skip} from '../e2e/requirements.ts';

/** The way to call by its name, the header with its numbers, and what to define to get them. */
const headers: readonly (readonly [string, string, readonly string[]])[] = [
  ['x86_64', '/usr/include/x86_64-linux-gnu/asm/unistd_64.h', []],
  ['x32', '/usr/include/x86_64-linux-gnu/asm/unistd_x32.h', ['-D__X32_SYSCALL_BIT=0x40000000']],
  ['i386', '/usr/include/x86_64-linux-gnu/asm/unistd_32.h', []],
  // What arch/arm64/include/uapi/asm/unistd.h asks of the generic table.
  [
    'aarch64',
    '/usr/include/asm-generic/unistd.h',
    'RENAMEAT NEW_STAT SET_GET_RLIMIT TIME32_SYSCALLS SYS_CLONE3 MEMFD_SECRET'
      .split(' ')
      .map((name) => `-D__ARCH_WANT_${name}`),
  ],
  [
    'arm',
    '/usr/arm-linux-gnueabihf/include/asm/unistd.h',
    ['-D__ARM_EABI__', '-I/usr/arm-linux-gnueabihf/include'],
  ],
];

const ours = new Map(
  (['x64', 'arm64'] as const)
    .flatMap((architecture) => auditArchsOf(architecture))
    .flatMap(({abis}) => abis.map(({name, numbers}) => [name, numbers])),
);

/** Lets the compiler say what each name is worth: the headers define names by other names and by sums. */
function numbersIn(header: string, defines: readonly string[]): Map<string, number> {
  const cc = (args: readonly string[], input: string): string =>
    execFileSync('gcc', ['-E', ...defines, ...args, '-'], {input, encoding: 'utf8'});
  const include = `#include <linux/types.h>\n#include "${header}"\n`;
  const names = [...cc(['-dM'], include).matchAll(/^#define __(?:ARM_)?NR_(\w+) /gm)]
    .map(([line, name = '']) => ({name, macro: line.split(' ')[1] ?? ''}))
    .filter(({name}) => !/^(syscalls|SYSCALL_\w+|OABI_\w+|arch_specific_syscall|BASE)$/.test(name))
    .filter(({macro}) => !macro.startsWith('__NR3264'));
  const asked = names.map(({name, macro}) => `"${name}" = ${macro}`).join('\n');
  const answers = cc(['-P'], `${include}\n${asked}\n`).matchAll(/^"(\w+)" = ([\dxa-f()+ ]+)$/gm);
  return new Map([...answers].map(([, name = '', sum = '']) => [name, sumOf(sum)]));
}

function sumOf(text: string): number {
  return text
    .replaceAll(/[()\s]/g, '')
    .split('+')
    .reduce((sum, term) => sum + Number(term), 0);
}

describe('numbers of system calls', () => {
  for (const [name, header, defines] of headers) {
    it(`of ${name} are the kernel's`, (test) => {
      needCommand(test, 'gcc');
      if (!existsSync(header)) skip(test, `there is no ${header}`);
      const table = ours.get(name) ?? new Map<string, number>();
      const theirs = numbersIn(header, defines);
      expect(theirs.size).toBeGreaterThan(250);
      const numbersOfOurs = new Set(table.values());
      const wrong = [...theirs].filter(
        // Numbers that we have under another name are aliases; headers newer than our table go on after its end.
        ([call, number]) =>
          table.has(call)
            ? table.get(call) !== number
            : !numbersOfOurs.has(number) && number < Math.max(...numbersOfOurs),
      );
      expect(wrong).toEqual([]);
    });
  }
});
