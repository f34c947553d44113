// What a copy of a directory has to do when an earlier copy of it is there: which paths are to be copied again, and
// which are to be taken away. An entry stays only when two walks said the very same of it, its inode and the time of
// its last change included, so nothing is compared by content and no time is believed alone.

import {isDirectory, isSameRecord, type TreeRecord} from './record.ts';
import {treeOrder} from './tree-order.ts';

export interface TreeChange {
  /** New, or no longer the same; of these alone the metadata of a directory counts. */
  readonly changed: readonly TreeRecord[];
  /** Without what lies below others of them. Something else of that name may be among `changed`. */
  readonly gone: readonly string[];
}

/**
 * What makes `now` of `before`, both what was taken from the directory `root`, in tree order. Undefined where a copy of
 * single paths is no copy of the whole: hard links, and directories that nobody listed.
 */
export function treeChange(
  before: readonly TreeRecord[],
  now: readonly TreeRecord[],
  root: string,
): TreeChange | undefined {
  if (!isWhole(before, root) || !isWhole(now, root)) return undefined;
  const changed: TreeRecord[] = [];
  const gone: string[] = [];
  const take = (path: string): void => {
    const last = gone.at(-1);
    if (last === undefined || !path.startsWith(`${last}/`)) gone.push(path);
  };
  for (let [old, at] = [0, 0]; old < before.length || at < now.length; ) {
    const [was, is] = [before[old], now[at]];
    const order = was === undefined ? 1 : is === undefined ? -1 : treeOrderOf(was.path, is.path);
    if (was !== undefined && order <= 0) old++;
    if (is !== undefined && order >= 0) at++;
    if (was !== undefined && order < 0) take(was.path);
    else if (is !== undefined && order > 0) changed.push(is);
    else if (was !== undefined && is !== undefined && !isSameRecord(was, is)) {
      if (isDirectory(was) !== isDirectory(is)) take(was.path);
      changed.push(is);
    }
  }
  return {changed: withParents(changed, gone, now), gone};
}

function treeOrderOf(a: string, b: string): number {
  return a === b ? 0 : treeOrder(a, b);
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '.' : path.slice(0, slash);
}

/** No entry has a second name, and each lies in a directory that is listed. */
function isWhole(records: readonly TreeRecord[], root: string): boolean {
  const directories = new Set([root]);
  let last = root;
  for (const record of records) {
    if (isDirectory(record)) directories.add(record.path);
    else if (record.linkCount > 1) return false;
    const parent = parentOf(record.path);
    if (parent === last) continue;
    if (!directories.has(parent)) return false;
    last = parent;
  }
  return true;
}

/** A directory that loses an entry has to be given its time again. */
function withParents(
  changed: readonly TreeRecord[],
  gone: readonly string[],
  now: readonly TreeRecord[],
): readonly TreeRecord[] {
  const missing = new Set(gone.map((path) => parentOf(path)));
  for (const {path} of changed) missing.delete(path);
  const parents = missing.size === 0 ? [] : now.filter(({path}) => missing.has(path));
  return parents.length === 0 ? changed : [...changed, ...parents].sort((a, b) => treeOrder(a.path, b.path));
}
