// --load: into a docker of the test's own, and into podman; of the layers only what is not there.

import {spawnSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {startDocker} from './docker.ts';
import {needCommand, needRoot, skip} from './requirements.ts';

let space: Workspace;
let context: string;

beforeAll(async () => {
  space = await workspaceWithBases();
  context = await space.context({
    Dockerfile:
      'FROM busybox\nRUN echo kept > /kept\nCOPY word /\nHEALTHCHECK CMD true\nCMD ["cat", "/word"]\n',
    word: 'first\n',
  });
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

function load(env: Record<string, string>): Promise<{stderr: string}> {
  return space.build(['-t', 'app:1', '--load', '--iidfile', join(space.folder, 'id'), context], {env});
}

const lastId = (): string => readFileSync(join(space.folder, 'id'), 'utf8');

describe('--load', () => {
  it('puts the image into docker, and of the next one only what docker lacks', async (test) => {
    await using docker = await startDocker(test, space);
    const {host} = docker;
    const first = await load({DOCKER_HOST: host});
    expect(first.stderr).toContain('importing to docker');
    expect(first.stderr).not.toContain('layers were there');
    expect(docker.call('inspect', '--format', '{{.Id}}', 'app:1')).toBe(lastId());
    writeFileSync(join(context, 'word'), 'second\n');
    const second = await load({DOCKER_HOST: host});
    expect(second.stderr).toContain('2 of 3 layers were there');
    expect(docker.call('inspect', '--format', '{{.Id}} {{.Config.Healthcheck.Test}}', 'app:1')).toBe(
      `${lastId()} [CMD-SHELL true]`,
    );
    expect(docker.call('run', '--rm', '--network', 'none', 'app:1')).toBe('second');
    const several = ['--platform', 'linux/amd64,linux/arm64', '--load', context];
    const refused = await space.run(['build', ...several], {env: {DOCKER_HOST: host}});
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('puts an image for one platform'),
    ]);
  });

  it('puts it into podman where docker does not answer', async (test) => {
    needRoot(test);
    needCommand(test, 'podman');
    if (spawnSync('docker', ['version'], {stdio: 'ignore'}).status === 0) skip(test, 'a docker runs here');
    const storage = join(space.folder, 'storage.conf');
    const [root, run] = [join(space.folder, 'podman-root'), join(space.folder, 'podman-run')];
    writeFileSync(storage, `[storage]\ndriver = "vfs"\ngraphroot = "${root}"\nrunroot = "${run}"\n`);
    const env = {CONTAINERS_STORAGE_CONF: storage};
    expect((await load(env)).stderr).toContain('importing to podman');
    writeFileSync(join(context, 'word'), 'third\n');
    expect((await load(env)).stderr).toContain('2 of 3 layers were there');
    const inspect = [
      'image',
      'inspect',
      '--format',
      '{{.Id}} {{.HealthCheck.Test}}',
      'docker.io/library/app:1',
    ];
    const said = spawnSync('podman', inspect, {
      env: {...process.env, ...env},
      encoding: 'utf8',
    }).stdout.trim();
    expect(`sha256:${said}`).toBe(`${lastId()} [CMD-SHELL true]`);
  });

  it('is content with the local store where there is neither, and says so; not where one is named', async () => {
    // Node has to be found, podman not.
    const env = {PATH: join(process.execPath, '..'), DOCKER_CONFIG: space.folder};
    if (spawnSync('podman', ['--version'], {env, stdio: 'ignore'}).status !== 0) {
      const {stderr} = await load(env);
      expect(stderr).toContain('neither docker nor podman runs here');
    }
    const named = await space.run(['build', '--load', context], {env: {DOCKER_HOST: 'unix:///nowhere.sock'}});
    expect([named.code, named.stderr]).toEqual([
      3,
      expect.stringContaining('docker does not answer at unix:///nowhere.sock'),
    ]);
  });
});
