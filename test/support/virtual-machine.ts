// Another kernel than that of this machine, for what a machine decides at its start: Debian's own, run by qemu without
// any hardware, with a busybox, the helper and one script. It takes seconds, and needs no disk and no network.

import {execFileSync, spawnSync} from 'node:child_process';
import {chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {which} from '../../fixtures/base-images.mjs';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {needCommand, type Skippable, skip} from '../e2e/requirements.ts';

/** For a machine that has other work, and has to emulate what it runs. */
const runSecondsMax = 900;

/** A kind of machine that qemu is asked for; what it runs is Debian's. */
export interface MachineKind {
  readonly architecture: 'amd64' | 'arm64';
  readonly qemu: string;
  readonly options: readonly string[];
  readonly console: string;
  /** Makes the helper for it in a folder. */
  readonly helper: (test: Skippable, folder: string) => string;
}

export const ownKind: MachineKind = {
  architecture: 'amd64',
  qemu: 'qemu-system-x86_64',
  options: [],
  console: 'ttyS0',
  helper: () => locateHelper(process.env),
};

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

/** The path of a program that only few tests need, so that nobody has installed it for them. */
export function needProgram(test: Skippable, name: string, packages: string): string {
  return which(name) ?? skip(test, `there is no ${name}: apt install ${packages}`);
}

export interface Guest {
  readonly modules: readonly string[];
  /** What runs there as the first process. */
  readonly script: string;
  /** More files for its /bin: paths by name. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly kind?: MachineKind;
}

/** What the console shows. */
export function runInMachine(test: Skippable, folder: string, guest: Guest): string {
  const {modules, script, programs = {}, kind = ownKind} = guest;
  if (process.arch !== 'x64') skip(test, 'the other machines are known by those of amd64');
  const qemu =
    kind === ownKind ? needCommand(test, kind.qemu) : needProgram(test, kind.qemu, 'qemu-system-arm');
  const helper = kind.helper(test, folder);
  const isOwn = kind === ownKind;
  const kernel = unpackKernel(test, join(folder, 'kernel'), kind);
  const busybox = isOwn
    ? '/bin/busybox'
    : join(unpack(test, join(folder, 'busybox'), 'busybox-static:arm64'), 'bin/busybox');
  const root = join(folder, 'root');
  for (const name of ['bin', 'modules', 'new']) mkdirSync(join(root, name), {recursive: true});
  for (const [name, path] of Object.entries({...programs, busybox, 'tsbuild-helper': helper})) {
    copyFileSync(path, join(root, 'bin', name));
    chmodSync(join(root, 'bin', name), 0o755);
  }
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
      ...['-m', '512', '-nographic', '-no-reboot', '-nic', 'none', ...kind.options],
      ...['-kernel', join(kernel.folder, 'boot', `vmlinuz-${kernel.release}`), '-initrd', files],
      ...['-append', `console=${kind.console} quiet panic=-1 loglevel=3`],
    ],
    {encoding: 'utf8', timeout: runSecondsMax * 1000, killSignal: 'SIGKILL'},
  );
  if (error !== undefined) throw error;
  return stdout.replaceAll('\r\n', '\n');
}

function unpackKernel(
  test: Skippable,
  folder: string,
  {architecture}: MachineKind,
): {readonly folder: string; readonly release: string} {
  const suffix = architecture === 'amd64' ? '' : `:${architecture}`;
  const name = `linux-image-cloud-${architecture}${suffix}`;
  const [exact] = /linux-image-[0-9][^\s:]*/.exec(output('apt-cache', ['depends', name])) ?? [];
  unpack(test, folder, exact === undefined ? name : `${exact}${suffix}`);
  const [release] = readdirSync(join(folder, 'lib/modules'));
  return {folder, release: release ?? ''};
}

/** The package is not installed, only looked into: this machine keeps what it has. */
function unpack(test: Skippable, folder: string, name: string): string {
  mkdirSync(folder, {recursive: true});
  const {status, stderr} = spawnSync('apt-get', ['download', name], {cwd: folder, encoding: 'utf8'});
  const archive = readdirSync(folder).find((file) => file.endsWith('.deb'));
  const foreign = name.endsWith(':arm64') ? ' (dpkg --add-architecture arm64 && apt-get update)' : '';
  if (status !== 0 || archive === undefined) skip(test, `there is no ${name} to be had${foreign}: ${stderr}`);
  execFileSync('dpkg', ['-x', archive, '.'], {cwd: folder});
  return folder;
}

function output(command: string, args: readonly string[]): string {
  return spawnSync(command, args, {encoding: 'utf8'}).stdout ?? '';
}
