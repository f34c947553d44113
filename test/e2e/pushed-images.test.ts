// What others make of images that we pushed: skopeo copies them out of the registry, umoci unpacks them, podman and
// docker pull them, all verifying every blob; and what skopeo, podman and docker push themselves, we build on.

import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {startDocker} from './docker.ts';
import {needCommand, needRoot} from './requirements.ts';

let space: Workspace;
let name: string;
let digest: string;

beforeAll(async () => {
  space = await workspaceWithBases();
  name = `${space.registry?.address}/e2e/pushed:1`;
  const context = await space.context({
    Dockerfile: 'FROM busybox\nCOPY note /note\nENV A=b\n',
    note: 'pushed\n',
  });
  const metadata = join(space.folder, 'metadata.json');
  await space.build(['--push', '-t', name, '--metadata-file', metadata, context]);
  digest =
    (JSON.parse(readFileSync(metadata, 'utf8')) as Record<string, string>)['containerimage.digest'] ?? '';
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

function tool(command: string, args: readonly string[]): string {
  const run = spawnSync(command, args, {encoding: 'utf8', cwd: space.folder});
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${run.error?.message ?? run.stderr}`);
  return run.stdout;
}

describe('an image that was pushed', () => {
  it('is read by skopeo', (test) => {
    const skopeo = needCommand(test, 'skopeo');
    const told = JSON.parse(tool(skopeo, ['inspect', '--tls-verify=false', `docker://${name}`])) as {
      Digest: string;
    };
    expect(told.Digest).toBe(digest);
    const copied = join(space.folder, 'copied');
    const insecure = ['--insecure-policy', '--src-tls-verify=false'];
    tool(skopeo, ['copy', '-q', ...insecure, `docker://${name}`, `dir:${copied}`]);
    const {layers} = JSON.parse(readFileSync(join(copied, 'manifest.json'), 'utf8')) as {layers: unknown[]};
    expect(layers).toHaveLength(2);
  });

  it('is built on as skopeo copies it in docker’s format', async (test) => {
    const skopeo = needCommand(test, 'skopeo');
    const insecure = ['--insecure-policy', '--src-tls-verify=false', '--dest-tls-verify=false'];
    const theirs = `${space.registry?.address}/e2e/skopeo:1`;
    const copy = ['copy', '-q', ...insecure, '--format', 'v2s2'];
    tool(skopeo, [...copy, `docker://${name}`, `docker://${theirs}`]);
    const raw = tool(skopeo, ['inspect', '--raw', '--tls-verify=false', `docker://${theirs}`]);
    expect(raw).toContain('application/vnd.docker.distribution.manifest.v2+json');
    await buildOn(theirs);
  });

  it('is pulled by podman, and what podman pushes is built on', async (test) => {
    needRoot(test);
    const podman = needCommand(test, 'podman');
    const places = ['--root', join(space.folder, 'podman'), '--runroot', join(space.folder, 'podman-run')];
    const own = [...places, '--storage-driver', 'vfs'];
    tool(podman, [...own, 'pull', '-q', '--tls-verify=false', name]);
    expect(tool(podman, [...own, 'inspect', '--format', '{{.Digest}}', name]).trim()).toBe(digest);
    const theirs = `${space.registry?.address}/e2e/podman:1`;
    tool(podman, [...own, 'push', '-q', '--tls-verify=false', name, theirs]);
    await buildOn(theirs);
  });

  it('is unpacked by umoci', (test) => {
    needRoot(test);
    const skopeo = needCommand(test, 'skopeo');
    const umoci = needCommand(test, 'umoci');
    const [layout, bundle] = [join(space.folder, 'layout'), join(space.folder, 'bundle')];
    const insecure = ['--insecure-policy', '--src-tls-verify=false'];
    tool(skopeo, ['copy', '-q', ...insecure, `docker://${name}`, `oci:${layout}:1`]);
    tool(umoci, ['unpack', '--image', `${layout}:1`, bundle]);
    expect(readFileSync(join(bundle, 'rootfs/note'), 'utf8')).toBe('pushed\n');
  });

  it('is pulled and run by docker, and what docker pushes is built on', async (test) => {
    await using docker = await startDocker(test, space);
    docker.call('pull', '-q', name);
    expect(docker.call('inspect', '--format', '{{index .RepoDigests 0}}', name)).toContain(digest);
    expect(docker.call('run', '--rm', '--network', 'none', name, 'cat', '/note')).toBe('pushed');
    const theirs = `${space.registry?.address}/e2e/docker:1`;
    docker.call('tag', name, theirs);
    docker.call('push', '-q', theirs);
    await buildOn(theirs);
  });
});

/** A state of its own has nothing of the image yet. */
async function buildOn(theirs: string): Promise<void> {
  const context = await space.context({
    Dockerfile: `FROM ${theirs}\nRUN grep pushed /note && test "$A" = b\n`,
  });
  await space.build([context], {root: join(space.folder, `state-on-${theirs.replaceAll(/\W/g, '-')}`)});
}
