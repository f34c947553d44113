// Trees in memory for tests: a few words per file become scan records, in the order a walk gives them.

import type {PatternMatcher} from '../../src/tree/pattern-matcher.ts';
import type {TreeRecord} from '../../src/tree/record.ts';
import {Tree} from '../../src/tree/tree.ts';
import {treeOrder} from '../../src/tree/tree-order.ts';

export function record(path: string, change: Partial<TreeRecord> = {}): TreeRecord {
  return {
    path,
    mode: 0o100644,
    uid: 1000,
    gid: 1000,
    size: 1,
    mtimeSeconds: 1_600_000_000,
    mtimeNanoseconds: 5,
    linkCount: 1,
    ctimeSeconds: 1_600_000_000,
    ctimeNanoseconds: 6,
    inode: 7,
    device: 8,
    rdevMajor: 0,
    rdevMinor: 0,
    linkTarget: '',
    attributes: undefined,
    digest: undefined,
    ...change,
  };
}

/** Words: `file`, `dir/`, `link -> target`. Parents are made. The root's record comes first. */
export function recordsOf(words: readonly string[]): TreeRecord[] {
  const found = new Map<string, TreeRecord>([['.', record('.', {mode: 0o040755, size: 0})]]);
  for (const word of words) {
    const [named = '', target] = word.split(' -> ');
    const path = named.replace(/\/$/, '');
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      found.set(path.slice(0, at), record(path.slice(0, at), {mode: 0o040755, size: 0}));
    }
    if (target !== undefined) found.set(path, record(path, {mode: 0o120777, linkTarget: target}));
    else if (named.endsWith('/')) found.set(path, record(path, {mode: 0o040755, size: 0}));
    else if (!found.has(path)) found.set(path, record(path));
  }
  return [...found.values()].sort((a, b) => treeOrder(a.path, b.path));
}

/** A tree that was scanned as a whole. */
export function treeOf(words: readonly string[], ignore?: PatternMatcher): Tree {
  return new Tree([{asked: ['.'], walked: ['.'], pruned: [], records: recordsOf(words)}], ignore);
}

/** What the scan of these roots gives: their subtrees, and the directories on the way to them. */
export function scanOf(words: readonly string[], roots: readonly string[]): TreeRecord[] {
  const isWanted = (path: string) =>
    roots.some(
      (root) => root === '.' || path === root || path.startsWith(`${root}/`) || root.startsWith(`${path}/`),
    );
  return recordsOf(words).filter(({path}) => isWanted(path));
}
