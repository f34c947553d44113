// kill -9 of builds, prunes and cache exports at random moments, also on a full disk: afterwards the next build
// succeeds, fsck finds nothing wrong, nothing runs. TSBUILD_SOAK=1 kills hundreds of times, or as often as KILLS says.
// The moments are seeded: the same ones each time, as far as the machine allows, and others with another SEED.

import {spawnSync} from 'node:child_process';
import {mkdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Running, type Workspace, workspaceWithBases} from './command.ts';
import {needRoot, skip} from './requirements.ts';

const isSoak = process.env['TSBUILD_SOAK'] === '1';
const soakKills = Number(process.env['KILLS'] ?? 220);
const [kills, killsOnFullDisk] = isSoak ? [Math.ceil(soakKills * 0.7), Math.ceil(soakKills * 0.3)] : [10, 5];
const firstSeed = Number(process.env['SEED'] ?? 1);
let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

/** Numbers from 0 to 1, always the same. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

async function kill(running: Running): Promise<void> {
  running.child.kill('SIGKILL');
  await running.done;
}

async function expectSound(root: string, ...flags: string[]): Promise<void> {
  const checked = await space.run(['fsck', ...flags], {root});
  expect(checked.code, checked.stdout.toString() + checked.stderr).toBe(0);
}

describe('kill -9', () => {
  it('of builds, prunes and cache exports leaves nothing wrong', {timeout: 3_600_000}, async () => {
    const root = join(space.folder, 'killed');
    const steps = Array.from({length: 6}, (_, n) => `RUN echo ${n} > /f${n}; mkdir -p /d${n}/e\n`).join('');
    const context = await space.context({
      Dockerfile: `FROM busybox\n${steps}RUN --mount=type=cache,target=/c echo more >> /c/log\nCOPY a /a\n`,
      a: 'a',
    });
    const cache = join(space.folder, 'shared');
    const outputs = [
      ['-t', 'killed'],
      ['-o', 'type=docker,dest=/dev/null'],
      ['-o', `type=oci,tar=false,dest=${join(space.folder, 'layout')}`],
      [
        '-o',
        'type=cacheonly',
        '--cache-to',
        `type=local,dest=${cache}`,
        '--cache-from',
        `type=local,src=${cache}`,
      ],
    ];
    const beside = [
      ['prune', '-a', '-f'],
      ['prune', '-f', '--filter', 'type=regular'],
      ['fsck', '--repair'],
      ['cache-mount prune', '-f'],
    ];
    const random = seeded(20_261_128 + firstSeed);
    for (let n = 0; n < kills; n++) {
      const build = space.start(['build', ...(outputs[n % 4] ?? []), context], {root});
      const other = space.start(beside[Math.floor(random() * 4)] ?? [], {root});
      await sleep(100 + random() * 1100);
      await kill(build);
      await sleep(random() * 100);
      await kill(other);
      if (n % 10 === 9) await expectSound(root, '--deep');
    }
    const from = ['--cache-from', `type=local,src=${cache}`];
    await space.build([...from, '-o', 'type=cacheonly', context], {root: join(space.folder, 'second')});
    await space.build(['-o', 'type=docker,dest=/dev/null', context], {root});
    await expectSound(root, '--deep');
    expect((await space.run(['rmi', 'killed'], {root})).code).toBeLessThanOrEqual(1);
    const pruned = await space.run(['prune', '-a', '-f'], {root});
    expect(pruned.code, pruned.stderr).toBe(0);
    const checked = await space.run(['fsck'], {root});
    expect(checked.stdout.toString()).toBe('nothing is wrong\n');
    expect(await space.leftovers()).toEqual([]);
  });

  it('and a disk that is full leave nothing wrong', {timeout: 3_600_000}, async (test) => {
    needRoot(test);
    const root = join(space.folder, 'small-disk');
    mkdirSync(root);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'small', root], {encoding: 'utf8'});
    if (mounted.status !== 0) skip(test, `a tmpfs cannot be mounted: ${mounted.stderr}`);
    try {
      const context = async (name: string, megabytes: number) =>
        space.context({
          Dockerfile: `FROM busybox\nRUN echo ${name} > /name\nRUN dd if=/dev/urandom of=/big bs=1M count=${megabytes}\nRUN cat /name\n`,
        });
      const small = await context('small', 1);
      const large = await context('large', 40);
      const random = seeded(20_270_100 + firstSeed);
      for (let n = 0; n < killsOnFullDisk; n++) {
        const isCut = n % 2 === 0;
        // The directory of the cache is on the same disk.
        const to = n % 4 === 2 ? ['--cache-to', `type=local,dest=${join(root, 'shared')}`] : [];
        const build = space.start(['build', '-t', 'full', ...to, large], {root});
        const cut = isCut ? 300 + random() * 1500 : 600_000;
        const other = n % 4 === 0 ? space.start(['prune', '-a', '-f'], {root}) : undefined;
        await Promise.race([build.done, sleep(cut, undefined, {ref: false})]);
        await kill(build);
        if (other !== undefined) await kill(other);
        if (!isCut)
          expect((await build.done).stderr, 'beside what the program says').toMatch(/tsbuild prune -a/);
        if (n % 5 !== 4) continue;
        rmSync(join(root, 'shared'), {recursive: true, force: true});
        await space.build(['-o', 'type=cacheonly', small], {root});
        await expectSound(root);
      }
      // With not a byte left, room can still be made.
      spawnSync('dd', ['if=/dev/zero', `of=${join(root, 'fill')}`, 'bs=4k']);
      const pruned = await space.run(['prune', '-a', '-f'], {root});
      expect(pruned.code, pruned.stderr).toBe(0);
      rmSync(join(root, 'fill'));
      await expectSound(root);
      const failed = await space.run(['build', large], {root});
      expect(failed.code).not.toBe(0);
      expect(failed.stderr).toMatch(/no space (?:is )?left|space-cap|disk is full|ENOSPC/i);
      await space.build(['-o', 'type=cacheonly', small], {root});
      await expectSound(root, '--deep');
    } finally {
      expect(await space.leftovers().then((lines) => lines.filter((line) => !line.includes(root)))).toEqual(
        [],
      );
      spawnSync('umount', ['-l', root]);
    }
  });
});
