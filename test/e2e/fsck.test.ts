// The state directory under attack: damage is found and repaired, and builds beside a prune that never rests all
// succeed. TSBUILD_SOAK=1 has more of them.

import {execFileSync} from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Run, type Workspace, workspaceWithBases} from './command.ts';

const isSoak = process.env['TSBUILD_SOAK'] === '1';
let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

async function fsck(root: string, ...flags: string[]): Promise<Run & {readonly text: string}> {
  const run = await space.run(['fsck', ...flags], {root});
  return {...run, text: run.stdout.toString()};
}

async function builtRoot(name: string): Promise<{root: string; context: string}> {
  const root = join(space.folder, name);
  const context = await space.context({
    Dockerfile: 'FROM busybox\nRUN echo kept > /kept\nCOPY a /a\n',
    a: 'a',
  });
  await space.build(['-o', 'type=docker,dest=/dev/null', context], {root});
  return {root, context};
}

describe('fsck', () => {
  it('finds a blob that is not what it says, and removes it', async () => {
    const {root, context} = await builtRoot('rotten');
    const blobs = join(root, 'blobs', 'sha256');
    const rotten = join(blobs, readdirSync(blobs)[0] ?? '');
    expect((await fsck(root, '--deep')).code).toBe(0);
    chmodSync(rotten, 0o644);
    appendFileSync(rotten, 'x');
    const found = await fsck(root);
    expect([found.code, found.text]).toEqual([
      1,
      expect.stringMatching(/^wrong: blob sha256:\w+ has the contents of/),
    ]);
    expect((await fsck(root, '--repair')).code).toBe(1);
    expect((await fsck(root)).code).toBe(0);
    await space.build([context], {root});
  });

  it('removes a damaged blob that nobody needs, and says what dead processes left', async () => {
    const {root} = await builtRoot('useless');
    const blob = join(root, 'blobs', 'sha256', 'ab'.repeat(32));
    writeFileSync(blob, 'not what the name says');
    const [namespace = ''] = /\d+/.exec(readlinkSync('/proc/self/ns/pid')) ?? [];
    const lease = join(root, 'leases', `999999999.1.${namespace}`);
    writeFileSync(lease, '');
    const found = await fsck(root);
    expect(found.text).toContain(`${lease} of a process that has ended`);
    writeFileSync(lease, '');
    const repaired = await fsck(root, '--repair');
    expect([repaired.code, repaired.stderr]).toEqual([1, '']);
    expect([existsSync(blob), existsSync(lease)]).toEqual([false, false]);
    expect((await fsck(root)).text).toBe('nothing is wrong\n');
  });

  it('finds a layer directory that has changed when it looks deep', async () => {
    const {root, context} = await builtRoot('changed');
    const layer = readdirSync(join(root, 'layers')).find((name) =>
      readdirSync(join(root, 'layers', name, 'fs')).includes('kept'),
    );
    appendFileSync(join(root, 'layers', layer ?? '', 'fs', 'kept'), 'more');
    expect((await fsck(root)).code).toBe(0);
    const found = await fsck(root, '--deep', '--repair');
    expect([found.code, found.text]).toEqual([1, expect.stringContaining(`layer ${layer} was sha256:`)]);
    expect((await fsck(root, '--deep')).code).toBe(0);
    const {stderr} = await space.build([context], {root});
    expect(stderr).toMatch(/RUN echo kept/);
  });

  it('tells what an image lacks, and does not hide it', async () => {
    const {root, context} = await builtRoot('lacking');
    await space.build(['-t', 'lacks', context], {root});
    const blobs = join(root, 'blobs', 'sha256');
    for (const name of readdirSync(blobs)) rmSync(join(blobs, name));
    expect((await fsck(root, '--repair')).text).toContain(
      'image docker.io/library/lacks:latest lacks its blob',
    );
    expect((await fsck(root)).code).toBe(1);
  });

  it('is what a build advises that stands on an image whose layers somebody has removed', async () => {
    const root = join(space.folder, 'robbed');
    const context = await space.context({Dockerfile: 'FROM robbed\nCOPY a /b\n', a: 'a'});
    execFileSync('tar', ['-cf', 'files.tar', 'a'], {cwd: context});
    await space.run(['import', join(context, 'files.tar'), 'robbed'], {root});
    const layers = join(root, 'layers');
    for (const name of readdirSync(layers)) rmSync(join(layers, name), {recursive: true});
    const blobs = join(root, 'blobs', 'sha256');
    for (const name of readdirSync(blobs))
      if (!readFileSync(join(blobs, name), 'latin1').startsWith('{')) rmSync(join(blobs, name));
    const {code, stderr} = await space.run(['build', context], {root});
    expect(stderr).toMatch(/has lost both its directory and its blob/);
    expect(stderr).toContain('hint: tsbuild fsck tells');
    expect(code).toBe(3);
  });
});

describe('a prune that never rests', () => {
  it('disturbs no build beside it', async () => {
    const root = join(space.folder, 'restless');
    let isOver = false;
    const pruning = (async () => {
      let runs = 0;
      while (!isOver) {
        const run = await space.run(['prune', '-a', '-f'], {root});
        expect(run.code, run.stderr).toBe(0);
        runs++;
      }
      return runs;
    })();
    const contexts = await Promise.all(
      Array.from({length: isSoak ? 20 : 6}, (_, n) =>
        space.context({
          Dockerfile: `FROM busybox\nRUN echo common > /common\nRUN sleep 0.3; cat /common; echo ${n % 3} > /n\nRUN cat /n\n`,
        }),
      ),
    );
    const builds = await Promise.all(
      contexts.map((context, n) => space.run(['build', '-t', `beside-${n}`, context], {root})),
    );
    isOver = true;
    expect(await pruning).toBeGreaterThan(0);
    for (const run of builds) expect(run.code, run.stderr).toBe(0);
    const checked = await fsck(root, '--deep');
    expect(checked.code, checked.text).toBe(0);
  });
});
