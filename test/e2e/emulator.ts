// Emulators: one for arm64 programs, registered with the kernel under a name of this process's own for as long as a
// test needs it. The kernel has one list for the whole machine, so other architectures are left alone.

import {execFileSync} from 'node:child_process';
import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {needCommand, needRoot, skip} from './requirements.ts';

const binfmt = '/proc/sys/fs/binfmt_misc';

/** The beginning of an ELF program for arm64, and the bits of it that count (qemu's scripts/qemu-binfmt-conf.sh). */
const magic = '\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00';
const mask = `${'\\xff'.repeat(7)}\\x00${'\\xff'.repeat(8)}\\xfe\\xff\\xff\\xff`;

/** Skips the test where there can be none. */
export function arm64Emulator(test: Parameters<typeof skip>[0]): Disposable {
  if (process.arch !== 'x64') skip(test, 'needs an amd64 machine');
  needRoot(test);
  const qemu = needCommand(test, 'qemu-aarch64-static');
  const wasMounted = existsSync(join(binfmt, 'register'));
  const name = `tsbuild-e2e-${process.pid}`;
  try {
    if (!wasMounted) execFileSync('mount', ['-t', 'binfmt_misc', 'binfmt_misc', binfmt], {stdio: 'pipe'});
    // P: the program sees the name it was called by. F: opened now, for it is not in the sandbox.
    writeFileSync(join(binfmt, 'register'), `:${name}:M::${magic}:${mask}:${qemu}:PF`);
  } catch (error) {
    skip(test, `no emulator can be registered: ${String(error)}`);
  }
  return {
    [Symbol.dispose]() {
      writeFileSync(join(binfmt, name), '-1');
      if (!wasMounted) execFileSync('umount', [binfmt]);
    },
  };
}

/** Two that the kernel has no emulator for. Skips the test where there are none, or where that cannot be seen. */
export function architecturesWithoutEmulator(test: Parameters<typeof skip>[0]): readonly [string, string] {
  if (!existsSync(join(binfmt, 'status'))) skip(test, 'binfmt_misc is not mounted');
  const [one, other] = ['mips64', 'ppc64', 's390x', 'riscv64'].filter(
    (architecture) => !existsSync(join(binfmt, `qemu-${architecture}`)),
  );
  // No lack of the machine that TSBUILD_SYSTEM_MUST_WORK could mind: systemd registers whatever qemu has.
  if (one === undefined || other === undefined) test.skip('there is an emulator for everything');
  return [one, other];
}
