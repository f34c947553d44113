// What builds of docker left in a registry is used: a real docker with BuildKit makes an image with its cache inside,
// and tsbuild on another machine runs nothing of it. The same records also lie as buildx lays them into a registry or
// a directory, in a manifest of their own. Nothing of it is trusted more than a cache of ours.

import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, writeFileSync} from 'node:fs';
import {request} from 'node:http';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startRegistry, type TestRegistry} from '../support/registry.ts';
import {namesOf, type Run, type Steps, type Workspace, workspaceWithBases} from './command.ts';
import {startDocker} from './docker.ts';
import {skip} from './requirements.ts';

interface Stored {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}
type Built = Run & {readonly steps: Steps};

const files = {'a.txt': 'hello\n', 'b/one': '1\n', 'b/two': '2\n', 'c1.log': 'c\n', script: 'true\n'};
let dockerfile: string;
let space: Workspace;
let registry: TestRegistry | undefined;
let address: string;
let context: string;
let roots = 0;
let missing: string | undefined;

beforeAll(async () => {
  space = await workspaceWithBases();
  registry = await startRegistry();
  address = registry?.address ?? '';
  dockerfile = [
    `FROM ${space.registry?.address}/library/busybox AS made`,
    'ENV GREETING="hello there" OTHER=x',
    'WORKDIR /src',
    'ARG MODE=fast',
    'COPY b ./b/',
    'RUN cat b/* > out && echo "$MODE" >> out',
    `FROM ${space.registry?.address}/library/busybox`,
    'WORKDIR /app',
    'COPY a.txt *.log /app/',
    'COPY --from=made /src/out /app/out',
    'COPY --chown=nobody:1000 --chmod=0640 b /owned/',
    'RUN --mount=type=bind,source=script,target=/s --mount=type=cache,target=/c sh /s && cp out "/tmp/x&<>"',
    'USER nobody',
    'CMD ["cat", "/app/out"]',
    '',
  ].join('\n');
  context = await space.context({Dockerfile: dockerfile, ...files});
  try {
    await using docker = await startDocker({skip: (reason) => notHere(reason)}, space);
    await buildWithDocker(docker.host.slice('unix://'.length), `${address}/app:1`);
    docker.call('push', `${address}/app:1`);
  } catch (error) {
    if (!(error instanceof NotHere)) throw error;
    missing = error.message;
  }
}, 120_000);
afterAll(async () => {
  await registry?.close();
  await space?.[Symbol.asyncDispose]();
});

class NotHere extends Error {}

function notHere(reason: string | undefined): never {
  throw new NotHere(reason);
}

/** The command of docker needs a plug-in for it; the daemon takes a context as a tar. */
async function buildWithDocker(socketPath: string, name: string): Promise<void> {
  const tar = spawnSync('tar', ['-c', '--owner=0', '--group=0', '-C', context, '.']).stdout;
  const buildargs = JSON.stringify({BUILDKIT_INLINE_CACHE: '1'});
  const query = new URLSearchParams({version: '2', t: name, networkmode: 'none', buildargs});
  const said = await new Promise<string>((resolve, reject) => {
    const path = `/v1.41/build?${query}`;
    const headers = {'content-type': 'application/x-tar'};
    const call = request({socketPath, path, method: 'POST', headers}, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve(text));
    });
    call.on('error', reject);
    call.end(tar);
  });
  if (!said.includes('Successfully tagged')) throw new Error(`docker does not build: ${said.slice(-2000)}`);
}

async function build(...flags: readonly string[]): Promise<Built> {
  const root = `${space.folder}/machine-${++roots}`;
  return space.build(['--network', 'none', ...flags], {root});
}

const ran = ({steps}: Built): readonly string[] =>
  namesOf(steps, 'done').filter((step) => !/FROM/.test(step));

async function getJson(path: string): Promise<{bytes: Buffer; json: unknown}> {
  const accept = 'application/vnd.docker.distribution.manifest.v2+json';
  const response = await fetch(`http://${address}/v2/app/${path}`, {headers: {accept}});
  const bytes = Buffer.from(await response.arrayBuffer());
  return {bytes, json: JSON.parse(bytes.toString())};
}

/** The cache of the image as `--cache-to type=registry` lays it out: the blob of records, and the manifest. */
async function apart(): Promise<{config: Buffer; manifest: Buffer; layers: readonly Stored[]}> {
  const image = (await getJson('manifests/1')).json as {config: Stored; layers: readonly Stored[]};
  const {json} = await getJson(`blobs/${image.config.digest}`);
  const {rootfs, ...members} = json as {rootfs: {diff_ids: string[]}} & Record<string, unknown>;
  const records: unknown = JSON.parse(
    Buffer.from(String(members['moby.buildkit.cache.v0']), 'base64').toString(),
  );
  const chain = image.layers.map(({digest}, index) => ({blob: digest, parent: index - 1}));
  const config = Buffer.from(JSON.stringify({layers: chain, records}));
  const layers = image.layers.map((layer, index) => ({
    ...layer,
    annotations: {'containerd.io/uncompressed': rootfs.diff_ids[index]},
  }));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const stored = {mediaType: 'application/vnd.buildkit.cacheconfig.v0', ...storedAs(config)};
  const manifest = Buffer.from(JSON.stringify({schemaVersion: 2, mediaType, config: stored, layers}));
  return {config, manifest, layers: image.layers};
}

function storedAs(bytes: Buffer): {digest: string; size: number} {
  return {digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length};
}

async function put(path: string, bytes: Buffer, type: string): Promise<void> {
  const body = new Uint8Array(bytes);
  const response = await fetch(path, {method: 'PUT', body, headers: {'content-type': type}});
  if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
}

async function pushCache(tag: string, {config, manifest}: {config: Buffer; manifest: Buffer}): Promise<void> {
  const started = await fetch(`http://${address}/v2/app/blobs/uploads/`, {method: 'POST'});
  const upload = new URL(started.headers.get('location') ?? '', `http://${address}`);
  upload.searchParams.set('digest', storedAs(config).digest);
  await put(upload.href, config, 'application/octet-stream');
  const type = 'application/vnd.oci.image.manifest.v1+json';
  await put(`http://${address}/v2/app/manifests/${tag}`, manifest, type);
}

describe('a cache that docker has written', () => {
  it('inside an image lets another machine run nothing, and gives the image that docker made', async (test) => {
    if (missing !== undefined || registry === undefined) skip(test, missing ?? 'no registry');
    const run = await build('--cache-from', `${address}/app:1`, '-t', 'app', context);
    expect(run.stderr).not.toMatch(/warning|not cached/i);
    expect(ran(run)).toEqual([]);
    const started = await space.run(['run', '--rm', '--network', 'none', 'app'], {
      root: `${space.folder}/machine-${roots}`,
    });
    expect([started.code, started.stdout.toString()]).toEqual([0, '1\n2\nfast\n']);
  });

  it('has misses for what changed and all that stands on it', async (test) => {
    if (missing !== undefined || registry === undefined) skip(test, missing ?? 'no registry');
    const edited = await space.context({Dockerfile: dockerfile, ...files, 'a.txt': 'other\n'});
    const run = await build('--cache-from', `${address}/app:1`, '-o', 'type=cacheonly', edited);
    // Of the stages that the image only copied from there are no layers.
    const own = ran(run).filter((step) => /stage-1/.test(step));
    expect(own.map((step) => step.replace(/^\[.*?\] /, '').split(' ')[0])).toEqual([
      ...['COPY', 'COPY', 'COPY', 'RUN'],
    ]);
    expect(run.stderr).toMatch(/WORKDIR \/src\n.*has its record, and not its layers/);
    const argument = ['--build-arg', 'MODE=slow', '-o', 'type=cacheonly', context];
    const slow = await build('--cache-from', `${address}/app:1`, ...argument);
    expect(ran(slow).some((step) => /RUN cat/.test(step))).toBe(true);
    expect(ran(slow).some((step) => /COPY a\.txt/.test(step))).toBe(false);
  });

  it('is used from a manifest of its own, and from a directory', async (test) => {
    if (missing !== undefined || registry === undefined) skip(test, missing ?? 'no registry');
    const cache = await apart();
    await pushCache('cache', cache);
    const ref = `type=registry,ref=${address}/app:cache`;
    expect(ran(await build('--cache-from', ref, '-t', 'app', context))).toEqual([]);
    const folder = join(space.folder, 'layout');
    const blobs = join(folder, 'blobs', 'sha256');
    mkdirSync(blobs, {recursive: true});
    const keep = (bytes: Buffer): void =>
      writeFileSync(join(blobs, storedAs(bytes).digest.slice('sha256:'.length)), bytes);
    for (const {digest} of cache.layers) {
      const response = await fetch(`http://${address}/v2/app/blobs/${digest}`);
      keep(Buffer.from(await response.arrayBuffer()));
    }
    [cache.config, cache.manifest].forEach(keep);
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifests = [{mediaType, ...storedAs(cache.manifest)}];
    writeFileSync(join(folder, 'index.json'), JSON.stringify({schemaVersion: 2, manifests}));
    expect(ran(await build('--cache-from', `type=local,src=${folder}`, '-t', 'app', context))).toEqual([]);
  });

  it('that lies about a layer costs a warning, and the step runs', async (test) => {
    if (missing !== undefined || registry === undefined) skip(test, missing ?? 'no registry');
    const cache = await apart();
    const {layers, ...manifest} = JSON.parse(cache.manifest.toString()) as {
      layers: {annotations: Record<string, string>}[];
    };
    const last = layers.at(-1);
    if (last !== undefined) last.annotations['containerd.io/uncompressed'] = `sha256:${'0'.repeat(64)}`;
    await pushCache('lies', {...cache, manifest: Buffer.from(JSON.stringify({...manifest, layers}))});
    const run = await build('--cache-from', `type=registry,ref=${address}/app:lies`, '-t', 'app', context);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/warning.*cache registry .* is not used any more/is);
    expect(ran(run).some((step) => /RUN --mount/.test(step))).toBe(true);
  });

  it('that is broken is told of in one sentence', async (test) => {
    if (registry === undefined) skip(test, 'no registry');
    const config = Buffer.from('{"records": 5}');
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const stored = {mediaType: 'application/vnd.buildkit.cacheconfig.v0', ...storedAs(config)};
    const manifest = Buffer.from(JSON.stringify({schemaVersion: 2, mediaType, config: stored, layers: []}));
    await pushCache('broken', {config, manifest});
    const run = await build('--cache-from', `${address}/app:broken`, '-o', 'type=cacheonly', context);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/is not used any more in this build: a cache of BuildKit with something/);
  });
});
