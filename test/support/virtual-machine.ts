// Another kernel than that of this machine, for what a machine decides at its start: Debian's own, run by qemu without
// any hardware, with a busybox, the helper and one script. It takes seconds, and needs no disk and no network.

import {execFileSync, spawnSync} from 'node:child_process';
import {chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {needCommand, type Skippable, skip} from '../e2e/requirements.ts';

const kernelPackage = 'linux-image-cloud-amd64';
const bootSecondsMax = 240;

// The first root is one that cannot be pivoted away from, so the second begins on a tmpfs.
const init = `#!/bin/busybox sh
for module in /modules/*; do busybox insmod $module; done
busybox mount -t tmpfs none /new
busybox cp -a /bin /main /new/
busybox mkdir /new/proc /new/sys /new/dev /new/tmp
exec busybox switch_root /new /main
`;

const main = (script: string): string => `#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
cd /tmp
${script}
poweroff -f
`;

/** What the console shows when the script runs there as the first process. */
export function runInMachine(
  test: Skippable,
  folder: string,
  modules: readonly string[],
  script: string,
): string {
  if (process.arch !== 'x64') skip(test, 'the kernel to run is one for amd64');
  const qemu = needCommand(test, 'qemu-system-x86_64');
  const kernel = unpackKernel(test, folder);
  const root = join(folder, 'root');
  for (const name of ['bin', 'modules', 'new']) mkdirSync(join(root, name), {recursive: true});
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  copyFileSync(locateHelper(process.env), join(root, 'bin/tsbuild-helper'));
  modules.forEach((module, index) => {
    const name = join('lib/modules', kernel.release, 'kernel', `${module}.ko`);
    copyFileSync(join(kernel.folder, name), join(root, 'modules', `${index}.ko`));
  });
  for (const [name, text] of [
    ['init', init],
    ['main', main(script)],
  ] as const) {
    writeFileSync(join(root, name), text);
    chmodSync(join(root, name), 0o755);
  }
  const files = join(folder, 'root.cpio');
  execFileSync('sh', ['-c', `busybox find . | busybox cpio -o -H newc > ${files}`], {
    cwd: root,
    stdio: 'pipe',
  });
  const {stdout, error} = spawnSync(
    qemu,
    [
      ...['-m', '512', '-nographic', '-no-reboot', '-nic', 'none'],
      ...['-kernel', join(kernel.folder, 'boot', `vmlinuz-${kernel.release}`), '-initrd', files],
      ...['-append', 'console=ttyS0 quiet panic=-1 loglevel=3'],
    ],
    {encoding: 'utf8', timeout: bootSecondsMax * 1000, killSignal: 'SIGKILL'},
  );
  if (error !== undefined) throw error;
  return stdout.replaceAll('\r\n', '\n');
}

/** The package is not installed, only looked into: this machine keeps the kernels it has. */
function unpackKernel(test: Skippable, folder: string): {readonly folder: string; readonly release: string} {
  const [name] = /linux-image-[0-9]\S+/.exec(output('apt-cache', ['depends', kernelPackage])) ?? [];
  const kernels = join(folder, 'kernel');
  mkdirSync(kernels, {recursive: true});
  const {status, stderr} = spawnSync('apt-get', ['download', name ?? kernelPackage], {
    cwd: kernels,
    encoding: 'utf8',
  });
  const archive = readdirSync(kernels).find((file) => file.endsWith('.deb'));
  if (status !== 0 || archive === undefined) skip(test, `there is no ${kernelPackage} to be had: ${stderr}`);
  execFileSync('dpkg', ['-x', archive, '.'], {cwd: kernels});
  const [release] = readdirSync(join(kernels, 'lib/modules'));
  return {folder: kernels, release: release ?? ''};
}

function output(command: string, args: readonly string[]): string {
  return spawnSync(command, args, {encoding: 'utf8'}).stdout ?? '';
}
