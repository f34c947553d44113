// Control groups that killed helpers left are removed in every hierarchy of either version; those of who lives are not.

import {spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import {removeStaleGroups} from '../../src/helper/stale-groups.ts';

const parent = `tsbuild-stale-${process.pid}`;
const places = readFileSync('/proc/self/mountinfo', 'utf8')
  .split('\n')
  .filter((line) => / - cgroup2? /.test(line))
  .map((line) => join(line.split(' ')[4] ?? '', parent))
  .filter((place) => canMake(place));

function canMake(place: string): boolean {
  try {
    mkdirSync(place);
    return true;
  } catch {
    return false;
  }
}

/** A number that was a process's a moment ago. */
function deadPid(): number {
  return spawnSync('true').pid;
}

describe.skipIf(places.length === 0)('control groups of helpers that were killed', () => {
  afterAll(() => {
    for (const place of places) rmdirSync(place);
  });

  it('are removed wherever they are, and others stay', () => {
    const stays = places.flatMap((place) =>
      [`tsbuild-${process.pid}`, 'other'].map((name) => join(place, name)),
    );
    const goes = places.flatMap((place) => [
      join(place, `tsbuild-${deadPid()}`),
      join(place, 'other', `tsbuild-${deadPid()}`),
    ]);
    for (const group of [...stays, ...goes]) mkdirSync(group);
    removeStaleGroups();
    const [left, kept] = [goes, stays].map((groups) => groups.filter((group) => existsSync(group)));
    for (const group of [...(left ?? []), ...stays]) rmdirSync(group);
    expect([left, kept]).toEqual([[], stays]);
  });

  it('are not when a process is in one', async () => {
    const [place = ''] = places.filter((one) => !one.includes('/cpuset/'));
    const group = join(place, `tsbuild-${deadPid()}`);
    mkdirSync(group);
    const child = spawn('sleep', ['1000'], {stdio: 'ignore'});
    writeFileSync(join(group, 'cgroup.procs'), String(child.pid));
    removeStaleGroups();
    expect(existsSync(group)).toBe(true);
    await new Promise((resolve) => {
      child.once('close', resolve);
      child.kill('SIGKILL');
    });
    removeStaleGroups();
    expect(existsSync(group)).toBe(false);
  });
});
