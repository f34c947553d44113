// Following symlinks inside a tree, by its records alone, as openat2(RESOLVE_IN_ROOT) does: absolute targets start at the
// root, `..` stops at it. May find that it needs a part of the tree that was not scanned.

import {clampToRoot, join} from '../util/go-path.ts';
import {isSymlink, type TreeRecord} from './record.ts';
import type {Tree} from './tree.ts';

export type Resolution =
  /** `record` is undefined for a root whose own record was not asked for. */
  | {readonly type: 'found'; readonly path: string; readonly record: TreeRecord | undefined}
  | {readonly type: 'missing'; readonly path: string}
  /** This walk root has to be scanned before the question can be answered. */
  | {readonly type: 'unscanned'; readonly path: string};

// As many as securejoin and containerd's fs.RootPath follow.
const linksMax = 255;

/** Resolves every symlink in `path`, the last component's too. */
export function resolveInTree(tree: Tree, path: string): Resolution {
  let rest = componentsOf(clampToRoot(path));
  let current = '.';
  let record: TreeRecord | undefined = tree.at('.');
  let links = 0;
  while (rest.length > 0) {
    const [name = '', ...after] = rest;
    const next = join(current, name);
    record = tree.at(next);
    if (record === undefined) {
      const wanted = join(next, ...after);
      return {type: tree.covers(next) ? 'missing' : 'unscanned', path: wanted};
    }
    if (!isSymlink(record)) {
      current = next;
      rest = after;
      continue;
    }
    links++;
    if (links > linksMax) return {type: 'missing', path: join(next, ...after)};
    const target = record.linkTarget.startsWith('/') ? record.linkTarget : join(current, record.linkTarget);
    rest = [...componentsOf(clampToRoot(target)), ...after];
    current = '.';
    record = tree.at('.');
  }
  return {type: 'found', path: current, record};
}

function componentsOf(path: string): string[] {
  return path === '.' ? [] : path.split('/');
}
