// Who takes part in `step-overhead` alone: tsbuild as an ordinary user, and crun, which starts as many containers on
// a root file system that is there already: the part of a step that every engine with containers has to pay for. And
// the kernel alone, which is what nobody can save.

import {execFileSync, spawnSync} from 'node:child_process';
import {chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {which} from '../fixtures/base-images.mjs';

const only = ['step-overhead'];
export const ordinaryUser = 54321;

/** In front of a command and its arguments. */
export const asOrdinaryUser = [
  'setpriv',
  `--reuid=${ordinaryUser}`,
  `--regid=${ordinaryUser}`,
  '--clear-groups',
  '--inh-caps=-all',
  '--',
];

/** A root file system that can run `true`, with places for all that containers have mounted. */
export function makeRoot(path) {
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys']) mkdirSync(join(path, name), {recursive: true});
  for (const name of ['hosts', 'resolv.conf']) writeFileSync(join(path, 'etc', name), '');
  execFileSync('install', ['-m', '755', which('busybox'), join(path, 'bin/busybox')]);
  for (const name of ['sh', 'true']) symlinkSync('busybox', join(path, 'bin', name));
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {stdio: ['ignore', 'pipe', 'pipe'], ...options});
  if (result.status === 0) return result.stdout.toString();
  throw new Error(
    `${command} ${args.join(' ')}\n${result.error?.message ?? result.stderr.toString().slice(-2000)}`,
  );
}

export function rootlessEngine(registry, program) {
  if (process.getuid() !== 0) return undefined;
  const [setpriv, ...as] = asOrdinaryUser;
  const env = {HOME: '/nonexistent', PATH: `${dirname(process.execPath)}:/usr/bin:/bin`};
  const version = spawnSync(setpriv, [...as, program, '--version'], {env});
  if (version.status !== 0) return undefined; // the repository is where others cannot read it
  // Not below `work`, to which others may have no way.
  const root = mkdtempSync('/tmp/tsbuild-bench-');
  chownSync(root, ordinaryUser, ordinaryUser);
  const config = join(root, 'tsbuild.toml');
  writeFileSync(config, readFileSync(registry.config));
  const flags = ['--root', join(root, 'state'), '--config', config];
  return {
    name: 'tsbuild, rootless',
    only,
    version: () => `${version.stdout.toString().trim()} as an ordinary user`,
    build: ({context, tag}) => {
      const dockerfile = join(root, 'Dockerfile');
      writeFileSync(dockerfile, readFileSync(join(context, 'Dockerfile')));
      run(setpriv, [...as, program, 'build', ...flags, '-t', tag, '-f', dockerfile, root], {env});
    },
    fresh: () => rmSync(root, {recursive: true, force: true}),
  };
}

export function crunEngine(work) {
  const program = which('crun');
  if (program === undefined || process.getuid() !== 0) return undefined;
  const bundle = mkdtempSync(join(work, 'crun-'));
  makeRoot(join(bundle, 'rootfs'));
  run(program, ['spec'], {cwd: bundle});
  const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
  config.process = {...config.process, terminal: false, args: ['/bin/sh', '-c', 'true']};
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  // It takes no part in cgroups, whose versions differ from machine to machine; nor do our steps without a limit.
  const script = `mount --make-rprivate / && umount -R /sys/fs/cgroup && mount -t tmpfs none /sys/fs/cgroup || exit
    i=0; while [ $i -lt $1 ]; do
      ${program} --root "$0/run" --cgroup-manager=disabled run --bundle "$0" "bench-$i" || exit; i=$((i + 1))
    done`;
  return {
    name: 'crun',
    only,
    version: () => run(program, ['--version']).split('\n')[0],
    build: ({steps}) => run('unshare', ['-m', 'sh', '-c', script, bundle, String(steps)]),
    fresh: () => {},
  };
}

/** `mean({count})` is that of so many sandboxes of `kernel-alone.c`, in milliseconds. It takes part beside sandboxes only. */
export function kernelAlone(work) {
  const compiler = which('cc');
  if (compiler === undefined || process.getuid() !== 0) return undefined;
  const place = mkdtempSync(join(work, 'kernel-'));
  const [root, program] = [join(place, 'root'), join(place, 'kernel-alone')];
  makeRoot(root);
  run(compiler, ['-O2', '-o', program, fileURLToPath(new URL('kernel-alone.c', import.meta.url))]);
  return {
    name: 'kernel alone',
    only: [],
    version: () => `Linux ${run('uname', ['-r']).trim()} alone`,
    mean: ({count}) => {
      const layers = mkdtempSync(join(place, 'layers-'));
      const mean = Number(run(program, [root, layers, String(count), 'net']));
      rmSync(layers, {recursive: true, force: true});
      return mean;
    },
    fresh: () => {},
  };
}
