// What others make of our images, and we of theirs: skopeo, umoci, podman and buildah read our archives, load and run
// them; we build on an image that buildah made.

import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {readArchive, readLayout} from './image.ts';
import {needCommand, needRoot, skip} from './requirements.ts';

let space: Workspace;
let archive: string;
let dockerArchive: string;
let layout: string;

beforeAll(async () => {
  space = await workspaceWithBases();
  const context = await space.context({
    Dockerfile:
      'FROM busybox\nRUN echo app:x:1000:1000::/:/bin/sh >> /etc/passwd && echo app:x:1000: >> /etc/group\n' +
      'RUN echo hello > /greeting && chown app /greeting && rm /usr/bin/wget\n' +
      'COPY --chmod=755 say /usr/local/bin/say\nUSER app\nENV WHO=world\nCMD ["say"]\n',
    say: '#!/bin/sh\necho "$(cat /greeting) $WHO from $(id -un)"\n',
  });
  archive = join(space.folder, 'image.tar');
  dockerArchive = join(space.folder, 'docker.tar');
  layout = join(space.folder, 'layout');
  const outputs = [
    `type=oci,dest=${archive}`,
    `type=docker,dest=${dockerArchive}`,
    `type=oci,dest=${layout},tar=false`,
  ];
  await space.build(['-t', 'greeter:1', ...outputs.flatMap((output) => ['-o', output]), context]);
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

function tool(command: string, args: readonly string[]): string {
  const run = spawnSync(command, args, {
    encoding: 'utf8',
    cwd: space.folder,
    env: {...process.env, LC_ALL: 'C'},
  });
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${run.error?.message ?? run.stderr}`);
  return run.stdout;
}

/** Flags that keep a containers tool inside the workspace, on any file system. */
function storage(name: string): string[] {
  const [root, runroot] = [join(space.folder, `${name}-root`), join(space.folder, `${name}-run`)];
  return ['--root', root, '--runroot', runroot, '--storage-driver', 'vfs'];
}

describe('skopeo', () => {
  it('inspects and copies the OCI archive, verifying every blob', (test) => {
    const skopeo = needCommand(test, 'skopeo');
    const config = JSON.parse(tool(skopeo, ['inspect', '--config', `oci-archive:${archive}`])) as {
      config: {User: string; Cmd: string[]};
    };
    expect(config.config).toMatchObject({User: 'app', Cmd: ['say']});
    tool(skopeo, [
      'copy',
      '-q',
      '--insecure-policy',
      `oci-archive:${archive}`,
      `dir:${join(space.folder, 'copied')}`,
    ]);
    expect(existsSync(join(space.folder, 'copied/manifest.json'))).toBe(true);
  });

  it('reads the layout directory and the docker archive', (test) => {
    const skopeo = needCommand(test, 'skopeo');
    const {diffIds} = readLayout(layout);
    expect(JSON.parse(tool(skopeo, ['inspect', `oci:${layout}`]))).toMatchObject({Os: 'linux'});
    const docker = JSON.parse(tool(skopeo, ['inspect', '--config', `docker-archive:${dockerArchive}`])) as {
      rootfs: {diff_ids: string[]};
    };
    expect(docker.rootfs.diff_ids).toEqual(diffIds);
  });

  it('pushes the archive to a registry, and we build on it', async (test) => {
    const skopeo = needCommand(test, 'skopeo');
    const target = `docker://${space.registry?.address}/e2e/greeter:1`;
    tool(skopeo, [
      'copy',
      '-q',
      '--insecure-policy',
      '--dest-tls-verify=false',
      `oci-archive:${archive}`,
      target,
    ]);
    const context = await space.context({
      Dockerfile: `FROM ${space.registry?.address}/e2e/greeter:1\nUSER root\nRUN test ! -e /usr/bin/wget && grep hello /greeting\n`,
    });
    const dest = join(space.folder, 'derived.tar');
    await space.build(['-o', `type=oci,dest=${dest}`, context], {root: join(space.folder, 'derived-state')});
    expect(readArchive(dest, space.folder).diffIds.slice(0, -1)).toEqual(readLayout(layout).diffIds);
  });
});

describe('umoci', () => {
  it('unpacks the layout to the same files', (test) => {
    needRoot(test);
    const umoci = needCommand(test, 'umoci');
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
      manifests: {annotations?: Readonly<Record<string, string>>}[];
    };
    const name = index.manifests[0]?.annotations?.['org.opencontainers.image.ref.name'] ?? 'latest';
    const bundle = join(space.folder, 'bundle');
    tool(umoci, ['unpack', '--image', `${layout}:${name}`, bundle]);
    expect(readFileSync(join(bundle, 'rootfs/greeting'), 'utf8')).toBe('hello\n');
    expect(existsSync(join(bundle, 'rootfs/usr/bin/wget'))).toBe(false);
  });
});

describe('podman', () => {
  it('loads both archives under their name', (test) => {
    needRoot(test);
    const podman = needCommand(test, 'podman');
    const flags = storage('podman');
    for (const file of [archive, dockerArchive]) {
      tool(podman, [...flags, 'load', '-q', '-i', file]);
      const listed = tool(podman, [...flags, 'images', '--format', '{{.Repository}}:{{.Tag}}']);
      expect(listed).toContain('docker.io/library/greeter:1');
      tool(podman, [...flags, 'rmi', '--all', '--force']);
    }
  });
});

describe('buildah', () => {
  it('runs the image as its own config says', (test) => {
    needRoot(test);
    const buildah = needCommand(test, 'buildah');
    const flags = storage('buildah');
    const container = tool(buildah, [...flags, 'from', '--pull-never', `oci-archive:${archive}`]).trim();
    const run = [...flags, 'run', '--isolation', 'chroot', container, '--', 'say'];
    expect(tool(buildah, run)).toBe('hello world from app\n');
    tool(buildah, [...flags, 'rm', container]);
  });

  it('makes images that we build on', async (test) => {
    needRoot(test);
    const buildah = needCommand(test, 'buildah');
    const flags = storage('buildah-made');
    const container = tool(buildah, [...flags, 'from', 'scratch']).trim();
    writeFileSync(join(space.folder, 'theirs'), 'made by buildah\n');
    tool(buildah, [...flags, 'copy', '--chown', '7:8', container, join(space.folder, 'theirs'), '/theirs']);
    const target = `docker://${space.registry?.address}/e2e/theirs:1`;
    tool(buildah, [...flags, 'commit', '-q', '--tls-verify=false', container, target]);
    const context = await space.context({
      Dockerfile: `FROM ${space.registry?.address}/e2e/theirs:1 AS theirs\nFROM busybox\nCOPY --from=theirs /theirs /theirs\nRUN [ "$(stat -c %u:%g /theirs)" = 7:8 ]\n`,
    });
    await space.build([context]);
  });
});

describe('docker', () => {
  it('loads and runs the docker archive', (test) => {
    const info = spawnSync('docker', ['info'], {encoding: 'utf8', timeout: 10_000});
    if (info.status !== 0) skip(test, 'docker is not running here');
    tool('docker', ['load', '-q', '-i', dockerArchive]);
    expect(tool('docker', ['run', '--rm', '--network', 'none', 'greeter:1'])).toBe('hello world from app\n');
    tool('docker', ['rmi', 'greeter:1']);
  });
});

describe('an image of which something is attested', () => {
  beforeAll(async () => {
    const context = await space.context({Dockerfile: 'FROM busybox\nCOPY note /note\n', note: 'attested\n'});
    const [index, referrers] = [join(space.folder, 'attested.tar'), join(space.folder, 'referred')];
    await space.build([
      ...['--sbom=true', '--provenance=true', '-t', 'attested:1', '-o', `type=oci,dest=${index}`],
      ...['-o', `type=oci,dest=${referrers},tar=false,attestation-style=referrers`, context],
    ]);
  });

  it('is copied by skopeo with its attestations, every blob verified', (test) => {
    const skopeo = needCommand(test, 'skopeo');
    const [from, to] = [`oci-archive:${join(space.folder, 'attested.tar')}`, join(space.folder, 'attested')];
    tool(skopeo, ['copy', '-q', '--all', '--insecure-policy', from, `dir:${to}`]);
    const {manifests} = JSON.parse(readFileSync(join(to, 'manifest.json'), 'utf8')) as {manifests: unknown[]};
    expect(manifests).toHaveLength(2);
  });

  it('is loaded by podman', (test) => {
    needRoot(test);
    const podman = needCommand(test, 'podman');
    const loaded = tool(podman, [
      ...storage('attested'),
      'load',
      '-q',
      '-i',
      join(space.folder, 'attested.tar'),
    ]);
    expect(loaded).toContain('docker.io/library/attested:1');
  });

  it('is unpacked by umoci where they refer to it', (test) => {
    needRoot(test);
    const bundle = join(space.folder, 'attested-bundle');
    tool(needCommand(test, 'umoci'), ['unpack', '--image', `${join(space.folder, 'referred')}:1`, bundle]);
    expect(readFileSync(join(bundle, 'rootfs/note'), 'utf8')).toBe('attested\n');
  });
});
