// What takes space, and what goes: du, prune, both beside builds that run, and the end of it all.

import {spawnSync} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {namesOf, type Workspace, workspaceWithBases} from './command.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

interface Row {
  readonly ID: string;
  readonly Type: string;
  readonly Description: string;
  readonly InUse: boolean;
  readonly Goes?: boolean;
  readonly Reason?: string;
}

async function rows(args: readonly string[], root = space.root): Promise<Row[]> {
  const run = await space.run([...args, '--format', 'json'], {root});
  expect(run.code, run.stderr).toBe(0);
  const lines = run.stdout.toString().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
}

const dockerfile =
  'FROM busybox\nRUN --mount=type=cache,target=/kept echo x > /kept/y; echo 1 > /one\nCOPY a /a\nRUN echo 2 > /two\n';

/** Files below a root that hold anything but the database. */
function filesIn(root: string): string[] {
  const {stdout} = spawnSync('find', [root, '-type', 'f'], {encoding: 'utf8'});
  return stdout.split('\n').filter((path) => path !== '' && !path.includes('/state.db'));
}

describe('du', () => {
  it('tells of steps, base images, images, cache mounts and notes', async () => {
    await space.build(['-t', 'app', await space.context({Dockerfile: dockerfile, a: 'a'})]);
    const found = await rows(['du']);
    const described = (pattern: RegExp): Row | undefined =>
      found.find(({Description}) => pattern.test(Description));
    expect(described(/RUN --mount/)?.Type).toBe('regular');
    expect(described(/layer of docker\.io\/library\/busybox/)?.Type).toBe('regular');
    expect(described(/library\/app:latest/)?.Type).toBe('image');
    expect(described(/cache mount \/kept/)?.Type).toBe('exec.cachemount');
    expect(described(/file times of/)?.Type).toBe('source.local');
    expect(described(/lists of copied files/)?.Type).toBe('internal');
    expect(found.some(({InUse}) => InUse)).toBe(false);
    const table = await space.run(['du', '--filter', 'type=exec.cachemount']);
    expect(table.stdout.toString()).toMatch(/^ID +RECLAIMABLE +SIZE +LAST ACCESSED/);
    expect(table.stdout.toString()).toMatch(/\nTotal: +\d/);
  });
});

describe('prune', () => {
  it('asks first', async () => {
    const run = await space.run(['prune'], {input: 'n\n'});
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('nothing was removed');
  });

  it('says what would go, and why the rest stays', async () => {
    const before = await rows(['du']);
    const plan = await rows(['prune', '--all', '--dry-run']);
    expect(plan.find(({Description}) => Description.includes('app:latest'))).toMatchObject({
      Goes: false,
      Reason: 'an image with a name',
    });
    expect(plan.filter(({Goes}) => Goes).length).toBeGreaterThan(5);
    expect((await rows(['du'])).length).toBe(before.length);
  });

  it('takes what the filter names', async () => {
    const gone = await rows(['prune', '-f', '--filter', 'type=exec.cachemount']);
    expect(gone.map(({Type}) => Type)).toEqual(['exec.cachemount']);
    expect(readdirSync(join(space.root, 'cache-mounts'))).toEqual([]);
  });

  it('leaves an image that has a name whole', async () => {
    await space.run(['prune', '-a', '-f']);
    const left = await rows(['du']);
    expect(left.map(({Type}) => Type)).toEqual(['image']);
    const run = await space.run(['run', '--rm', 'app', 'cat', '/one', '/two', '/a']);
    expect(run.stdout.toString()).toBe('1\n2\na');
  });

  it('of all leaves nothing where no image has a name', async () => {
    const root = join(space.folder, 'emptied');
    const context = await space.context({Dockerfile: dockerfile, a: 'a'});
    await space.build([context], {root});
    await space.run(['build', await space.context({Dockerfile: 'FROM busybox\nRUN false\n'})], {root});
    expect(filesIn(root).length).toBeGreaterThan(3);
    const run = await space.run(['prune', '-a', '-f'], {root});
    expect(run.code, run.stderr).toBe(0);
    expect(filesIn(root)).toEqual([]);
    for (const folder of ['layers', 'work', 'cache-mounts', 'failed', 'leases'])
      expect(readdirSync(join(root, folder)), folder).toEqual([]);
    const {steps} = await space.build([context], {root});
    expect(namesOf(steps, 'done')).toHaveLength(3);
  });

  it('never takes what a build uses', async () => {
    const root = join(space.folder, 'beside');
    const slow = 'RUN echo begun; sleep 2; cat /one /kept/y > /three\n'.replace(
      'RUN',
      'RUN --mount=type=cache,target=/kept',
    );
    const context = await space.context({Dockerfile: dockerfile + slow, a: 'a'});
    const running = space.start(['build', '--progress', 'plain', '-t', 'slow', context], {root});
    await running.until(/^#\d+ (?:\d+\.\d+ )?begun/m);
    const used = (await rows(['prune', '-a', '--dry-run'], root)).filter(
      ({Reason}) => Reason === 'a process uses it',
    );
    expect(used.map(({Type}) => Type)).toContain('exec.cachemount');
    expect(used.filter(({Type}) => Type === 'regular').length).toBeGreaterThanOrEqual(4);
    expect((await space.run(['prune', '-a', '-f'], {root})).code).toBe(0);
    const run = await running.done;
    expect(run.code, run.stderr).toBe(0);
    expect((await space.run(['run', '--rm', 'slow', 'cat', '/three'], {root})).stdout.toString()).toBe(
      '1\nx\n',
    );
  });

  it('keeps to the space it is told', async () => {
    const root = join(space.folder, 'limited');
    for (const n of [1, 2, 3]) {
      const text = `FROM busybox\nRUN dd if=/dev/urandom of=/big bs=1M count=8; echo ${n}\n`;
      await space.build(['-o', 'type=cacheonly', await space.context({Dockerfile: text})], {root});
    }
    const run = await space.run(['prune', '-a', '-f', '--max-used-space', '22MB'], {root});
    expect(run.code, run.stderr).toBe(0);
    const steps = (await rows(['du'], root)).filter(({Description}) => Description.includes('RUN dd'));
    expect(steps).toHaveLength(2);
    expect(steps.every(({Description}) => !Description.endsWith('echo 1'))).toBe(true);
  });
});
