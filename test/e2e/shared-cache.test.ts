// --cache-from and --cache-to on whole builds: a second machine (a state directory of its own) runs nothing, and a
// cache that fails, is slow or lies costs a warning and nothing else.

import {randomBytes} from 'node:crypto';
import {readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {startFaultProxy} from '../support/fault-proxy.ts';
import {type Mood, type ObjectServer, startObjectServer} from '../support/object-server.ts';
import {startRegistry, type TestRegistry} from '../support/registry.ts';
import {type Run, type Workspace, workspaceWithBases} from './command.ts';

let space: Workspace;
let context: string;
let objects: ObjectServer;
let registry: TestRegistry | undefined;
let roots = 0;

const dockerfile = [
  'FROM busybox AS made',
  'RUN head -c 300000 /dev/urandom > /big && echo one > /one',
  'COPY a.txt /a',
  'RUN cat /a /one > /two',
  'FROM busybox',
  'COPY --from=made /two /two',
  'RUN cat /two > /three',
  '',
].join('\n');

beforeAll(async () => {
  space = await workspaceWithBases();
  registry = await startRegistry();
});
beforeEach(async () => {
  objects = await startObjectServer();
  context = await space.context({Dockerfile: dockerfile, 'a.txt': 'a\n'});
});
afterEach(() => objects.close());
afterAll(async () => {
  await registry?.close();
  await space?.[Symbol.asyncDispose]();
});

const newRoot = (): string => join(space.folder, `machine-${++roots}`);
const s3 = (): string =>
  `type=s3,bucket=ci,region=x,endpoint_url=${objects.address},access_key_id=i,secret_access_key=s`;

function run(root: string, ...words: readonly string[]): Promise<Run> {
  const env = {ACTIONS_RESULTS_URL: `${objects.address}/`, ACTIONS_RUNTIME_TOKEN: 'job-token'};
  return space.run([...words, context], {root, env});
}

const build = (root: string, ...flags: readonly string[]): Promise<Run> =>
  run(root, 'build', '--progress', 'plain', ...flags);

/** Steps that ran, of all that are in the Dockerfile. */
function ran(run: Run): readonly string[] {
  const named = [...run.stderr.matchAll(/^#(\d+) \[(?!internal)[^\]]*\] ((?:RUN|COPY).*)$/gm)];
  const done = named.filter(([, number]) => new RegExp(`^#${number} DONE`, 'm').test(run.stderr));
  return [...new Set(done.map((match) => match[2] ?? ''))];
}

function imageOf(run: Run): string {
  expect(run.code, run.stderr).toBe(0);
  return /exporting config (sha256:\w+)/.exec(run.stderr)?.[1] ?? '';
}

describe.each<[string, (direction: 'src' | 'dest') => string]>([
  ['local', (direction) => `type=local,${direction}=${join(space.folder, 'saved')}`],
  ['s3', () => s3()],
  ['gha', () => 'type=gha,scope=app'],
  ['registry', () => `type=registry,ref=${registry?.address}/app:ci`],
])('type=%s', (type, spec) => {
  it('lets a second machine build without running a step', async (test) => {
    if (type === 'registry' && registry === undefined) test.skip();
    const first = await build(newRoot(), '--cache-to', spec('dest'));
    expect(ran(first)).toHaveLength(5);
    expect(first.stderr).not.toMatch(/was not written/);
    const second = await build(newRoot(), '--cache-from', spec('src'));
    expect(ran(second)).toEqual([]);
    expect(imageOf(second)).toBe(imageOf(first));
    writeFileSync(join(context, 'a.txt'), 'b\n');
    const why = await run(newRoot(), 'explain', '--cache-from', spec('src'));
    expect(why.stdout.toString()).toContain(`a.txt changed (1 of 1 file), compared with cache ${type}`);
  });
});

describe('type=s3', () => {
  it('renews what is old and still of use, so that a rule of the bucket does not remove it', async () => {
    const root = newRoot();
    await build(root, '--cache-to', s3());
    const names = [...objects.objects.keys()].filter((name) => !name.includes('recent'));
    expect(names.filter((name) => name.includes('sha256:')).length).toBeGreaterThan(0);
    const atMs = Date.now() - 48 * 3_600_000;
    const before = objects.received;
    for (const name of names) objects.writtenMs.set(name, atMs);
    await build(root, '--cache-to', `${s3()},touch_refresh=72h`);
    expect([...objects.writtenMs.keys()]).toEqual(names);
    await build(root, '--cache-to', s3());
    // Nothing was sent anew but what tells of the latest steps.
    expect(objects.received - before).toBeLessThan(50_000);
    for (const name of objects.writtenMs.keys()) objects.objects.delete(name);
    expect(ran(await build(newRoot(), '--cache-from', s3()))).toEqual([]);
  });

  it('is written under several names, and read by any of them', async () => {
    await build(newRoot(), '--cache-to', `${s3()},"name=main;pr-1",upload_parallelism=1`);
    for (const name of ['main', 'pr-1', 'pr-2;main', 'main;pr-2']) {
      expect(ran(await build(newRoot(), '--cache-from', `${s3()},"name=${name}"`))).toEqual([]);
    }
  });
});

describe('--cache-from', () => {
  it.each(['compression=estargz', 'rewrite-timestamp=true'])(
    'gives the same image as the machine that built it with %s',
    async (options) => {
      const saved = join(space.folder, `for-${options}`);
      const flags = (name: string): string[] => [
        ...['--build-arg', 'SOURCE_DATE_EPOCH=1000000000'],
        ...['-o', `type=oci,dest=${join(space.folder, name)},${options}`],
      ];
      const first = await build(newRoot(), '--cache-to', `type=local,dest=${saved}`, ...flags('one.tar'));
      const second = await build(newRoot(), '--cache-from', `type=local,src=${saved}`, ...flags('two.tar'));
      expect(ran(second)).toEqual([]);
      const manifest = /exporting manifest (sha256:\w+)/;
      expect(manifest.exec(second.stderr)?.[1], second.stderr).toBe(manifest.exec(first.stderr)?.[1]);
    },
  );

  it('fetches only the layers of the result, and not twice', async () => {
    await build(newRoot(), '--cache-to', s3());
    objects.sent = 0;
    const root = newRoot();
    await build(root, '--cache-from', s3());
    // The layer with 300 kB of noise is in a stage that the result only copies from.
    expect(objects.sent).toBeLessThan(100_000);
    objects.sent = 0;
    expect(ran(await build(root))).toEqual([]);
    expect(objects.sent).toBe(0);
  });

  it.each<Mood>(['failing', 'silent', 'truncating', 'lying'])(
    'costs a warning when the cache is %s, and nothing of it stays',
    async (mood) => {
      await build(newRoot(), '--cache-to', s3());
      objects.mood = mood;
      const root = newRoot();
      const bad = await build(root, '--cache-from', `${s3()},timeout=2`);
      expect(bad.code, bad.stderr).toBe(0);
      expect(bad.stderr.match(/is not used any more in this build/g)).toHaveLength(1);
      expect(bad.stderr).not.toMatch(/ERROR/);
      expect(ran(bad)).not.toEqual([]);
      const image = imageOf(bad);
      objects.mood = 'well';
      const again = await build(root);
      expect(ran(again)).toEqual([]);
      expect(imageOf(again)).toBe(image);
    },
  );

  it('runs a step again whose layer was promised to an earlier build and is gone', async () => {
    await build(newRoot(), '--cache-to', s3());
    const root = newRoot();
    await build(root, '--cache-from', s3(), '-o', 'type=cacheonly');
    const blobs = [...objects.objects.keys()].filter((name) => name.includes('sha256:'));
    for (const name of blobs) objects.objects.delete(name);
    const late = await build(root);
    expect(late.code, late.stderr).toBe(0);
    expect(late.stderr).toMatch(/is lost, its step runs again/);
    expect(ran(late)).not.toEqual([]);
  });

  it('does not take a record under the name of another', async () => {
    const saved = join(space.folder, 'swapped');
    await build(newRoot(), '--cache-to', `type=local,dest=${saved}`);
    const names = readdirSync(join(saved, 'records')).map((name) => join(saved, 'records', name));
    const texts = names.map((name) => readFileSync(name));
    for (const [index, name] of names.entries()) writeFileSync(name, texts[(index + 1) % texts.length] ?? '');
    const run = await build(newRoot(), '--cache-from', `type=local,src=${saved}`);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/a record is about another key/);
    expect(ran(run)).toHaveLength(5);
  });

  it.each<[string, (layers: readonly unknown[]) => readonly unknown[]]>([
    ['fewer', (layers) => layers.slice(0, 1)],
    ['more', (layers) => [...layers, ...layers]],
  ])('does not take a record of %s layers than its step can have', async (name, change) => {
    const saved = join(space.folder, `${name}-layers`);
    await build(newRoot(), '--cache-to', `type=local,dest=${saved}`);
    for (const record of readdirSync(join(saved, 'records')).filter((each) => each.startsWith('r-'))) {
      const file = join(saved, 'records', record);
      const json = JSON.parse(readFileSync(file, 'utf8')) as {readonly layers: readonly unknown[]};
      writeFileSync(file, JSON.stringify({...json, layers: change(json.layers)}));
    }
    const lied = await build(newRoot(), '--cache-from', `type=local,src=${saved}`);
    expect(lied.code, lied.stderr).toBe(0);
    expect(
      lied.stderr.match(/not used any more in this build: a record has layers that its step cannot have/g),
    ).toHaveLength(1);
    expect(ran(lied)).toHaveLength(5);
  });

  it('asks several caches in their order', async () => {
    const saved = join(space.folder, 'second-cache');
    await build(newRoot(), '--cache-to', `type=local,dest=${saved}`);
    const run = await build(newRoot(), '--cache-from', s3(), '--cache-from', `type=local,src=${saved}`);
    expect(ran(run)).toEqual([]);
  });
});

describe('a step that gives what it gave on another machine', () => {
  it('leaves what stands on it as it is, and one that gives something else does not', async () => {
    const project = async (first: string): Promise<string> =>
      space.context({Dockerfile: `FROM busybox\n${first}\nRUN cat /same > /copy\n`});
    const buildOf = async (step: string, ...flags: string[]): Promise<Run> => {
      const args = ['build', '--progress', 'plain', '-o', 'type=cacheonly', ...flags, await project(step)];
      return space.run(args, {root: newRoot()});
    };
    await buildOf('RUN echo same > /same', '--cache-to', s3());
    const [reworded, other] = ['RUN echo same | cat > /same', 'RUN echo SAME > /same'];
    const found = await buildOf(reworded, '--cache-from', s3(), '--cache-to', s3());
    expect(ran(found), found.stderr).toEqual([reworded]);
    expect(found.stderr).toMatch(/layer equal: what builds on it is reused/);
    expect(ran(await buildOf(other, '--cache-from', s3()))).toEqual([other, 'RUN cat /same > /copy']);
    expect(ran(await buildOf(reworded, '--cache-from', s3())), 'the new way is remembered').toEqual([]);
  });
});

describe('--cache-to', () => {
  it('keeps what a build finished that failed later', async () => {
    const broken = await space.context({
      Dockerfile: 'FROM busybox\nRUN echo slow > /slow\nRUN exit 3\n',
    });
    const failed = await space.run(['build', '--cache-to', s3(), broken], {root: newRoot()});
    expect(failed.code).toBe(1);
    writeFileSync(join(broken, 'Dockerfile'), 'FROM busybox\nRUN echo slow > /slow\nRUN true\n');
    const root = newRoot();
    const fixed = await space.run(['build', '--progress', 'plain', '--cache-from', s3(), broken], {root});
    expect(ran(fixed)).toEqual(['RUN true']);
    expect(fixed.stderr, 'why').toMatch(/not cached: never built here; cache s3 ci has no record of it/);
  });

  it('moves little more than the layers that changed, to the cache and from it', async () => {
    const [root, reader] = [newRoot(), newRoot()];
    await build(root, '--cache-to', s3());
    await build(reader, '--cache-from', s3());
    const before = new Set(objects.objects.keys());
    writeFileSync(join(context, 'a.txt'), randomBytes(200_000));
    objects.received = 0;
    await build(root, '--cache-to', s3());
    const layers = [...objects.objects].filter(([name]) => name.includes('sha256:') && !before.has(name));
    const changed = layers.reduce((sum, [, bytes]) => sum + bytes.length, 0);
    expect(changed).toBeGreaterThan(200_000);
    expect(objects.received).toBeLessThan(1.2 * changed);
    objects.sent = 0;
    expect(ran(await build(reader, '--cache-from', s3()))).toEqual([]);
    expect(objects.sent).toBeLessThan(1.2 * changed);
  });

  it('moves as little to a registry, and from there', async (test) => {
    const address = registry?.address ?? test.skip();
    const proxy = await startFaultProxy(() => address);
    try {
      const ref = `type=registry,ref=${proxy.address}/moved:ci`;
      const saved = join(space.folder, 'moved');
      const blobs = (): readonly string[] => readdirSync(join(saved, 'blobs/sha256'));
      const [writer, reader] = [newRoot(), newRoot()];
      const write = () => build(writer, '--cache-to', ref, '--cache-to', `type=local,dest=${saved}`);
      await write();
      await build(reader, '--cache-from', ref);
      const before = new Set(blobs());
      writeFileSync(join(context, 'a.txt'), randomBytes(200_000));
      const {sent, received} = proxy;
      await write();
      expect(ran(await build(reader, '--cache-from', ref))).toEqual([]);
      const changed = blobs()
        .filter((name) => !before.has(name))
        .reduce((sum, name) => sum + statSync(join(saved, 'blobs/sha256', name)).size, 0);
      expect(changed).toBeGreaterThan(200_000);
      expect(proxy.sent - sent).toBeLessThan(1.2 * changed);
      expect(proxy.received - received).toBeLessThan(1.2 * changed);
    } finally {
      await proxy.close();
    }
  });

  it('writes with mode=min only what the result has', async () => {
    const saved = join(space.folder, 'min');
    await build(newRoot(), '--cache-to', `type=local,dest=${saved},mode=min`);
    const blobs = readdirSync(join(saved, 'blobs/sha256'));
    const sizes = blobs.map((name) => statSync(join(saved, 'blobs/sha256', name)).size);
    expect(blobs).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThan(100_000);
  });

  it('does not fail the build unless it is told to', async () => {
    objects.mood = 'failing';
    const warned = await build(newRoot(), '--cache-to', s3());
    expect(warned.code, warned.stderr).toBe(0);
    expect(warned.stderr).toMatch(/cache s3 ci was not written/);
    const strict = await build(newRoot(), '--cache-to', `${s3()},ignore-error=false`);
    expect(strict.code).toBe(3);
  });

  it('loses nothing of several writers at once', async () => {
    const saved = join(space.folder, 'many');
    const writers = Array.from({length: 6}, async (_, index) => {
      const own = await space.context({Dockerfile: `FROM busybox\nRUN echo ${index} > /n\n`});
      return space.build(['--cache-to', `type=local,dest=${saved}`, own], {root: newRoot()});
    });
    await Promise.all(writers);
    expect(
      readdirSync(join(saved, 'records')).filter((name) => name.startsWith('r-')),
      'two each',
    ).toHaveLength(12);
    rmSync(saved, {recursive: true});
  });

  it.each([
    ['type=s3', /needs bucket=/],
    ['type=loca', /did you mean type=local\?/],
    ['type=local,dset=x', /did you mean dest\?/],
    ['type=local,dest=x,compression=zstd', /does not support compression=zstd/],
    ['type=local,dest=x,mode=most', /mode=min or mode=max/],
  ])('%s is a mistake of the command line', async (spec, message) => {
    const run = await build(newRoot(), '--cache-to', spec);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(message);
  });
});
