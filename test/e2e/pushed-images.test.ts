// What others make of images that we pushed: skopeo copies them out of the registry, podman pulls them, both verifying
// every blob.

import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
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

  it('is pulled by podman', (test) => {
    needRoot(test);
    const podman = needCommand(test, 'podman');
    const places = ['--root', join(space.folder, 'podman'), '--runroot', join(space.folder, 'podman-run')];
    const own = [...places, '--storage-driver', 'vfs'];
    tool(podman, [...own, 'pull', '-q', '--tls-verify=false', name]);
    expect(tool(podman, [...own, 'inspect', '--format', '{{.Digest}}', name]).trim()).toBe(digest);
  });
});
