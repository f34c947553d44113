// A cap that holds while a build runs, and the collection after a build. Both look at how much of the disk is taken, so
// they have one of their own where that can be: on the machine's, tests beside this one make and free a lot.

import {spawnSync} from 'node:child_process';
import {appendFileSync, copyFileSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../support/until.ts';
import {namesOf, type Workspace, workspaceWithBases} from './command.ts';

let space: Workspace;

let disk: string;

beforeAll(async () => {
  space = await workspaceWithBases();
  disk = mkdtempSync(join(tmpdir(), 'tsbuild-disk-'));
  // As large as a disk is, it takes the memory of what is on it.
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20g', 'tsbuild-test', disk]);
});
afterAll(async () => {
  spawnSync('umount', ['-l', disk]);
  rmSync(disk, {recursive: true, force: true});
  await space?.[Symbol.asyncDispose]();
});

function configWith(name: string, gc: string): string {
  const config = join(space.folder, name);
  copyFileSync(space.registry?.config ?? '', config);
  appendFileSync(config, `\n[gc]\n${gc}\n`);
  return config;
}

/** Megabytes on the disk. */
function sizeOf(root: string): number {
  const {stdout} = spawnSync('du', ['-s', '--block-size=1', root], {encoding: 'utf8'});
  return Number(stdout.split('\t')[0]) / 1e6;
}

/** A step that writes so many megabytes, two by two. */
const writes = (name: string, megabytes: number, pauseSeconds = 0.05) =>
  `RUN i=0; while [ $i -lt ${megabytes} ]; do dd if=/dev/urandom of=/${name}-$i bs=1M count=2 2>/dev/null; sleep ${pauseSeconds}; i=$((i+2)); done\n`;

describe('hardCap', () => {
  it('makes room for a build by what was unused longest, and spares what the build uses', async () => {
    const root = join(disk, 'capped');
    const config = configWith('capped.toml', 'hardCap = "36MB"');
    const build = async (text: string) =>
      space.build(['-o', 'type=cacheonly', await space.context({Dockerfile: `FROM busybox\n${text}`})], {
        root,
        config,
      });
    await build(writes('first', 12));
    await build(writes('second', 12));
    let largest = 0;
    // So slowly that who watches the space sees it in time also on a machine that has other work.
    const slow = `${writes('third', 12, 0.4)}${writes('fourth', 8, 0.4)}`;
    const building = build(slow);
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        largest = Math.max(largest, sizeOf(root));
        await sleep(50);
      }
    })();
    await building.finally(() => {
      isOver = true;
    });
    await watching;
    // What is written between two looks comes on top.
    expect(largest).toBeLessThan(42);
    expect(sizeOf(root)).toBeLessThan(37.5);
    const again = await build(slow);
    expect(namesOf(again.steps, 'cached')).toHaveLength(2);
    const first = await build(writes('first', 12));
    expect(namesOf(first.steps, 'cached')).toHaveLength(0);
  });

  it('ends a build that needs more with one error that says what holds the space', async () => {
    const root = join(disk, 'too-small');
    const config = configWith('too-small.toml', 'hardCap = "20MB"');
    const context = await space.context({Dockerfile: `FROM busybox\n${writes('much', 80)}`});
    const run = await space.run(['build', '--progress', 'plain', context], {root, config});
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(
      /error\[space-cap\]: the state directory has come to its cap of 20MB, and nothing more can go: .*what running steps have written, and the database [\d.]+MB/,
    );
    expect(sizeOf(root)).toBeLessThan(20);
    expect(await space.leftovers()).toEqual([]);
    const small = await space.context({Dockerfile: `FROM busybox\n${writes('little', 2)}`});
    await space.build([small], {root, config});
  });
});

describe('the collection after a build', () => {
  it('comes when the limit is passed, by itself, and not after a build that made nothing', async () => {
    const root = join(disk, 'collected');
    const config = configWith('collected.toml', 'maxUsedSpace = "20MB"\nall = true');
    const context = async (name: string) => space.context({Dockerfile: `FROM busybox\n${writes(name, 6)}`});
    const old = await context('old');
    await space.build([old], {root, config});
    expect(await space.leftovers()).toEqual([]);
    expect(sizeOf(root)).toBeGreaterThan(7);
    await space.build([old], {root, config});
    await space.build([await context('new')], {root, config});
    await until(() => sizeOf(root) < 21);
    expect(await space.leftovers()).toEqual([]);
  });
});
