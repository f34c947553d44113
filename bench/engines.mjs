// The engines side by side behind one small interface:
//   version()                 what is measured
//   build({context, tag})     one build into the engine's own image store
//   archive({context, tag, file})   the same, and the image as an archive with compressed layers at `file`
//   layout({context, tag, directory})  the same as an OCI layout, where the engine writes one
//   read({context, tag, path})      a file of the built image, to assert the result; never timed
//   show({context, tag, script})    a build whose progress, with all that steps write, goes into a pipe; its bytes
//   only                      the workloads that it takes part in, where not in all
//   fresh()                   gives up its state; where the engine has only one, which is the user's, it does nothing
//
// Each runs with its defaults as far as a root user on a plain machine has them. Output is kept for the error message.

import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {which} from '../fixtures/base-images.mjs';
import {crunEngine, kernelAlone, rootlessEngine} from './step-peers.mjs';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..');
const quiet = {stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 30};

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {...quiet, ...options});
  if (result.status === 0) return result;
  const why = result.error?.message ?? result.stderr.toString().slice(-2000);
  throw new Error(`${command} ${args.join(' ')}\n${why}`);
}

/** How many bytes a command writes into a pipe that is read to its end. */
function bytesShown(command, args, options = {}) {
  const script = '{ "$@" 2>&1 || echo "exit code $?" >&3; } 3>&2 | wc -c';
  const {stdout, stderr} = run('sh', ['-c', script, 'sh', command, ...args], options);
  if (stderr.length > 0) throw new Error(`${command} ${args.join(' ')}\n${stderr}`);
  return Number(stdout.toString());
}

function tsbuildEngine(work, registry) {
  const program = join(repository, 'bin', 'tsbuild');
  let root = mkdtempSync(join(work, 'tsbuild-'));
  const flags = () => ['--root', root, '--config', registry.config];
  return {
    name: 'tsbuild',
    version: () => run(program, ['--version']).stdout.toString().trim(),
    build: ({context, tag}) => run(program, ['build', ...flags(), '-t', tag, context]),
    archive: ({context, tag, file}) =>
      run(program, ['build', ...flags(), '-t', tag, '-o', `type=oci,dest=${file}`, context]),
    layout: ({context, tag, directory}) =>
      run(program, ['build', ...flags(), '-t', tag, '-o', `type=oci,tar=false,dest=${directory}`, context]),
    read: ({context, path}) => {
      const file = join(work, 'read.tar');
      run(program, ['build', ...flags(), '-o', `type=tar,dest=${file}`, context]);
      const text = execFileSync('tar', ['-xOf', file, path.slice(1)], {maxBuffer: 1 << 30}).toString();
      rmSync(file);
      return text;
    },
    show: ({context, tag}) =>
      bytesShown(program, ['build', ...flags(), '--progress=plain', '-t', tag, context]),
    fresh: () => {
      rmSync(root, {recursive: true, force: true});
      root = mkdtempSync(join(work, 'tsbuild-'));
    },
  };
}

function buildahEngine(work) {
  const program = which('buildah');
  if (program === undefined || process.getuid() !== 0) return undefined;
  let root = mkdtempSync(join(work, 'buildah-'));
  const flags = () => [
    '--root',
    join(root, 'root'),
    '--runroot',
    join(root, 'run'),
    '--storage-driver',
    'overlay',
  ];
  const buildArgs = ({context, tag}) => [
    ...flags(),
    'build',
    '--layers',
    '--jobs',
    '0',
    '--isolation',
    'chroot',
    '--tls-verify=false',
    '-t',
    tag,
    context,
  ];
  const build = (options) => run(program, buildArgs(options));
  return {
    name: 'buildah',
    version: () => run(program, ['--version']).stdout.toString().trim(),
    build,
    archive: ({context, tag, file}) => {
      build({context, tag});
      run(program, [...flags(), 'push', '-q', tag, `oci-archive:${file}`]);
    },
    layout: ({context, tag, directory}) => {
      build({context, tag});
      run(program, [...flags(), 'push', '-q', tag, `oci:${directory}`]);
    },
    read: ({tag, path}) => {
      const container = run(program, [...flags(), 'from', '--pull-never', tag])
        .stdout.toString()
        .trim();
      try {
        return run(program, [
          ...flags(),
          'run',
          '--isolation',
          'chroot',
          container,
          '--',
          'cat',
          path,
        ]).stdout.toString();
      } finally {
        run(program, [...flags(), 'rm', container]);
      }
    },
    show: (options) => bytesShown(program, buildArgs(options)),
    fresh: () => {
      run(program, [...flags(), 'rmi', '--all', '--force']);
      rmSync(root, {recursive: true, force: true});
      root = mkdtempSync(join(work, 'buildah-'));
    },
  };
}

/** Docker has one state, which is the user's: it is only added to. */
function dockerEngine() {
  const program = which('docker');
  if (program === undefined || spawnSync(program, ['info'], {timeout: 20_000}).status !== 0) return undefined;
  const env = {...process.env, DOCKER_BUILDKIT: '1'};
  const build = ({context, tag}) => run(program, ['build', '-q', '-t', tag, context], {env});
  return {
    name: 'docker',
    version: () =>
      `docker ${run(program, ['version', '--format', '{{.Server.Version}}']).stdout.toString().trim()}`,
    build,
    archive: ({context, tag, file}) => {
      build({context, tag});
      // docker save does not compress; the shell does it as users do.
      run('sh', ['-c', `${program} save ${tag} | gzip -6 > ${file}`]);
    },
    read: ({tag, path}) => run(program, ['run', '--rm', '--entrypoint', 'cat', tag, path]).stdout.toString(),
    // BuildKit shows no more than 2 MiB of a step: this is the builder before it.
    show: ({context, tag}) =>
      bytesShown(program, ['build', '-t', tag, context], {env: {...env, DOCKER_BUILDKIT: '0'}}),
    fresh: () => {},
  };
}

/** What the step of `output-rate` does, without an engine around it. */
function scriptAlone(work) {
  const program = which('busybox');
  if (program === undefined) return undefined;
  const here = (script) => script.replaceAll(/\/(?=short|long)/g, `${work}/`);
  return {
    name: 'alone',
    only: ['output-rate'],
    version: () => 'the step alone',
    build: ({script}) => run(program, ['sh', '-c', here(script)]),
    show: ({script}) => bytesShown(program, ['sh', '-c', here(script)]),
    fresh: () => {},
  };
}

export function enginesHere(work, registry, wanted) {
  const makers = {
    tsbuild: tsbuildEngine,
    rootless: () => rootlessEngine(registry, join(repository, 'bin', 'tsbuild')),
    crun: crunEngine,
    kernel: kernelAlone,
    alone: () => scriptAlone(work),
    docker: dockerEngine,
    buildah: buildahEngine,
  };
  const engines = [];
  for (const [name, make] of Object.entries(makers)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const engine = make(work, registry);
    if (engine === undefined) process.stderr.write(`${name} is not usable here and is left out\n`);
    else engines.push(engine);
  }
  return engines;
}
