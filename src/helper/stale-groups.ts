// Control groups whose maker was killed: nobody is in them, and nobody else takes them away before a step has a limit
// in the same place. Their names are the helper's (native/cgroup/cgroup.c).

import {type Dirent, readdirSync, readFileSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';
import {mountsIn} from '../util/mounts.ts';

const nameOfGroup = /^tsbuild-(\d+)$/;
const depthMax = 16;

/**
 * Removes them, wherever in the hierarchies they are: only the killed build knew which parent it was told. Looks at all
 * groups of the machine, and so is for whoever has found other traces of a death. Never throws: what cannot be removed,
 * being somebody else's or in use after all, stays.
 */
export function removeStaleGroups(): void {
  for (const place of hierarchies()) sweep(place, 0);
}

function hierarchies(): string[] {
  let mounts: string;
  try {
    mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return [];
  }
  return mountsIn(mounts)
    .filter(({type}) => type === 'cgroup' || type === 'cgroup2')
    .map(({place}) =>
      place.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    );
}

function sweep(place: string, depth: number): void {
  let entries: Dirent[] = [];
  try {
    entries = readdirSync(place, {withFileTypes: true});
  } catch {
    // It has gone, or is not for us to see.
  }
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = join(place, entry.name);
    const [, maker] = nameOfGroup.exec(entry.name) ?? [];
    if (maker === undefined && depth < depthMax) sweep(path, depth + 1);
    if (maker !== undefined && isGone(Number(maker))) removeIfEmpty(path);
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function removeIfEmpty(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // A process is in it: of another process namespace, where its maker lives.
  }
}
