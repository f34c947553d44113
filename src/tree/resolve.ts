// Following symlinks inside a tree, by its records alone, as openat2(RESOLVE_IN_ROOT) does: absolute targets start
// at the root, `..` stops at it. May find that it needs a part of the tree that was not scanned.

import {clampToRoot, join} from '../util/go-path.ts';
import {isSymlink, type TreeRecord} from './record.ts';
import type {Tree} from './tree.ts';

export type Resolution = {
  readonly path: string;
  /** How many symlinks were followed to come here. */
  readonly links: number;
} & (
  | {
      readonly type: 'found';
      /** Undefined for a root whose own record was not asked for. */
      readonly record: TreeRecord | undefined;
    }
  | {readonly type: 'missing'}
  /** The walk root `path` has to be scanned before the question can be answered. */
  | {readonly type: 'unscanned'}
);

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
      return {type: tree.covers(next) ? 'missing' : 'unscanned', path: wanted, links};
    }
    if (!isSymlink(record)) {
      current = next;
      rest = after;
      continue;
    }
    links++;
    if (links > linksMax) return {type: 'missing', path: join(next, ...after), links};
    const target = record.linkTarget.startsWith('/') ? record.linkTarget : join(current, record.linkTarget);
    rest = [...componentsOf(clampToRoot(target)), ...after];
    current = '.';
    record = tree.at('.');
  }
  return {type: 'found', path: current, record, links};
}

function componentsOf(path: string): string[] {
  return path === '.' ? [] : path.split('/');
}
