// Cache mounts that travel (mounts= of --cache-from and --cache-to): another machine begins with what was kept,
// whichever place keeps it; what is here already is left alone.

import {writeFileSync} from 'node:fs';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import type {BackendServices} from '../../src/cache/backends/backend.ts';
import {createBackend} from '../../src/cache/backends/index.ts';
import {MountExport} from '../../src/cache/mounts/mount-export.ts';
import {variantText} from '../../src/store/cache-mount-variant.ts';
import {type ObjectServer, startObjectServer} from '../support/object-server.ts';
import {startRegistry, type TestRegistry} from '../support/registry.ts';
import {type Run, type Workspace, workspaceWithBases} from './command.ts';

let space: Workspace;
let context: string;
let objects: ObjectServer;
let registry: TestRegistry | undefined;
let roots = 0;

const mount = 'RUN --mount=type=cache,id=kept,target=/c,uid=7';
const dockerfile = [
  'FROM busybox',
  'ARG say',
  `${mount} [ -f /c/big ] || head -c 3000000 /dev/urandom > /c/big; echo $say >> /c/said; echo so far $(cat /c/said)`,
  '',
].join('\n');

beforeAll(async () => {
  space = await workspaceWithBases();
  registry = await startRegistry();
  context = await space.context({Dockerfile: dockerfile});
});
beforeEach(async () => {
  objects = await startObjectServer();
});
afterEach(() => objects.close());
afterAll(async () => {
  await registry?.close();
  await space?.[Symbol.asyncDispose]();
});

const newRoot = (): string => `${space.folder}/machine-${++roots}`;
const s3 = (): string =>
  `type=s3,bucket=ci,region=x,endpoint_url=${objects.address},access_key_id=i,secret_access_key=s`;

function build(root: string, say: string, ...flags: readonly string[]): Promise<Run> {
  const env = {ACTIONS_RESULTS_URL: `${objects.address}/`, ACTIONS_RUNTIME_TOKEN: 'job-token'};
  const output = ['-o', 'type=cacheonly', '--build-arg', `say=${say}`];
  return space.build([...output, ...flags, context], {root, env});
}

function said({stderr}: Run): string {
  return /^#\d+ [\d.]+ so far (.*)$/m.exec(stderr)?.[1] ?? stderr;
}

describe.each<[string, (direction: 'src' | 'dest') => string]>([
  ['local', (direction) => `type=local,${direction}=${space.folder}/saved`],
  ['s3', () => s3()],
  ['gha', () => 'type=gha,scope=main'],
  ['registry', () => `type=registry,ref=${registry?.address}/app:ci`],
])('cache mounts in type=%s', (type, spec) => {
  it('are what another machine begins with', async (test) => {
    if (type === 'registry' && registry === undefined) test.skip();
    const written = await build(newRoot(), 'one', '--cache-to', `${spec('dest')},mounts=all`);
    expect(written.stderr).not.toMatch(/was not written/);
    const both = ['--cache-from', `${spec('src')},mounts=kept`, '--cache-to', `${spec('dest')},mounts=kept`];
    const read = await build(newRoot(), 'two', ...both);
    expect(said(read)).toBe('one two');
    expect(read.stderr).toMatch(/cache mount kept comes from scope main of cache/);
    expect(said(await build(newRoot(), 'three', '--cache-from', `${spec('src')},mounts=all`))).toBe(
      'one two three',
    );
  });
});

describe('mounts=', () => {
  it('takes only the mounts that are named, and none for steps that begin afresh', async () => {
    await build(newRoot(), 'one', '--cache-to', `${s3()},mounts=all`);
    expect(said(await build(newRoot(), 'two', '--cache-from', `${s3()},mounts=other,more`))).toBe('two');
    expect(said(await build(newRoot(), 'two', '--no-cache', '--cache-from', `${s3()},mounts=all`))).toBe(
      'two',
    );
  });

  it('keeps what a build brought together that failed later', async () => {
    const broken = await space.context({Dockerfile: `${dockerfile}RUN exit 3\n`});
    const flags = ['--build-arg', 'say=one', '--cache-to', `${s3()},mounts=all`];
    expect((await space.run(['build', ...flags, broken], {root: newRoot()})).code).toBe(1);
    expect(said(await build(newRoot(), 'two', '--cache-from', `${s3()},mounts=all`))).toBe('one two');
  });

  it('leaves alone what is here, and costs a warning where the other cache lies', async () => {
    const root = newRoot();
    await build(root, 'one', '--cache-to', `${s3()},mounts=all`);
    expect(said(await build(root, 'two', '--cache-from', `${s3()},mounts=all`))).toBe('one two');
    objects.mood = 'lying';
    const run = await build(newRoot(), 'two', '--cache-from', `${s3()},mounts=all`);
    expect(said(run)).toBe('two');
    expect(run.stderr.match(/cache mounts of cache s3 ci are not used in this build/g)).toHaveLength(1);
  });

  it('begins empty where somebody wrote what is no archive', async () => {
    const [saved, file] = [`${space.folder}/garbage`, `${space.folder}/no.tar`];
    writeFileSync(file, 'x'.repeat(2000));
    const services = {environment: {}, workingDirectory: '/'} as unknown as BackendServices;
    const backend = createBackend('local', new Map([['dest', saved]]), services, 'to');
    const place = {backend, scope: 'main', ids: undefined, patienceMs: 1000};
    const variant = variantText({mode: 0o755, uid: 7, gid: 0, source: '', number: 0});
    await new MountExport(place, new AbortController().signal).write({id: 'kept', variant}, file);
    const run = await build(newRoot(), 'one', '--cache-from', `type=local,src=${saved},mounts=all`);
    expect(said(run)).toBe('one');
    expect(run.stderr).toMatch(/cache mount kept of another machine cannot be unpacked, and begins empty/);
  });
});
