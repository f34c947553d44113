// A scanned tree, perhaps in parts: what walks found, with ignore rules applied. Lookups are binary searches in
// the two sorted lists, since a map of 50,000 paths costs more than all lookups of a build. Immutable; a further
// scan makes a new one.

import type {PatternMatcher} from './pattern-matcher.ts';
import {isDirectory, type TreeRecord} from './record.ts';
import {partitionPoint, treeOrder} from './tree-order.ts';
import {keptEntries} from './walk-filter.ts';

export interface Scan {
  /** Walk roots that were asked for: what is not found at or below them is not there. */
  readonly asked: readonly string[];
  /** Walk roots that were walked completely: fewer, when ignore rules rule out the rest. */
  readonly walked: readonly string[];
  /** Directories that were not looked into, for everything in them is ignored. */
  readonly pruned: readonly string[];
  /** In tree order, each once. */
  readonly records: readonly TreeRecord[];
}

export class Tree {
  /** In tree order, without what the ignore rules take out. */
  readonly kept: readonly TreeRecord[];
  readonly #found: readonly TreeRecord[];
  readonly #asked: readonly string[];
  readonly #walked: readonly string[];
  readonly #pruned: readonly string[];
  readonly #ignore: PatternMatcher | undefined;

  /** Throws PatternError when an ignore rule cannot be evaluated. */
  constructor(scans: readonly Scan[], ignore?: PatternMatcher) {
    this.#asked = scans.flatMap((scan) => scan.asked);
    this.#walked = scans.flatMap((scan) => scan.walked);
    this.#pruned = scans.flatMap((scan) => scan.pruned);
    this.#ignore = ignore;
    this.#found = recordsOf(scans);
    this.kept = this.#keep();
  }

  #keep(): readonly TreeRecord[] {
    // Nothing is ignored, and without a way to the roots no record can have been found through a symlink.
    if (this.#ignore === undefined && this.#walked.every((root) => !root.includes('/'))) return this.#found;
    return keptEntries(this.#found, {base: '.', include: undefined, exclude: this.#ignore});
  }

  /** The record at exactly this path, unless it is not there or ignored. */
  at(path: string): TreeRecord | undefined {
    return recordAt(this.kept, path);
  }

  #find(path: string): TreeRecord | undefined {
    return recordAt(this.#found, path);
  }

  /** The path, or the directory above it, that is there but taken out by the ignore rules. */
  ignoredPartOf(path: string): string | undefined {
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const part = end < 0 ? path : path.slice(0, end);
      const kept = this.at(part);
      if (kept === undefined && this.#find(part) !== undefined) return part;
      // What was found beyond a symlink has another path, by which the rules judge it.
      if (end < 0 || (kept !== undefined && !isDirectory(kept))) return undefined;
    }
  }

  /** The ignore rule that keeps `path` out, whether it is there or not. */
  ignoreRuleAgainst(path: string): string | undefined {
    return this.#ignore?.patternAgainst(path);
  }

  /** Whether a missing record means a missing file: the path was asked for, or passed on the way to one that was. */
  covers(path: string): boolean {
    return this.#asked.some((root) => isWithin(path, root) || isWithin(root, path));
  }

  /** Whether all that is below a directory was asked for. */
  coversBelow(directory: string): boolean {
    return this.#asked.some((root) => isWithin(directory, root));
  }

  /** What is kept below a directory, without itself. */
  below(directory: string): readonly TreeRecord[] {
    const [start, end] = rangeBelow(this.kept, directory);
    return this.kept.slice(start, end);
  }

  /**
   * How many entries a directory has below it, ignored ones counted; Infinity when not all of them were looked
   * at.
   */
  countBelow(directory: string): number {
    const isWhole =
      this.#walked.some((root) => isWithin(directory, root)) &&
      !this.#pruned.some((path) => isWithin(path, directory) && this.#find(path) !== undefined);
    if (!isWhole) return Number.POSITIVE_INFINITY;
    const [start, end] = rangeBelow(this.#found, directory);
    return end - start;
  }
}

/** Whether `path` is `root` or below it. */
export function isWithin(path: string, root: string): boolean {
  return root === '.' || path === root || path.startsWith(`${root}/`);
}

/** Where the entries below `directory` are in records of tree order. */
function rangeBelow(records: readonly TreeRecord[], directory: string): readonly [number, number] {
  if (directory === '.') return [records[0]?.path === '.' ? 1 : 0, records.length];
  const prefix = `${directory}/`;
  const start = partitionPoint(0, records.length, (at) => treeOrder(pathAt(records, at), prefix) < 0);
  const end = partitionPoint(start, records.length, (at) => pathAt(records, at).startsWith(prefix));
  return [start, end];
}

function recordAt(records: readonly TreeRecord[], path: string): TreeRecord | undefined {
  const index = partitionPoint(0, records.length, (at) => treeOrder(pathAt(records, at), path) < 0);
  const record = records[index];
  return record?.path === path ? record : undefined;
}

function pathAt(records: readonly TreeRecord[], index: number): string {
  return records[index]?.path ?? '';
}

/** In tree order and without doubles, as each scan for itself is already. */
function recordsOf(scans: readonly Scan[]): readonly TreeRecord[] {
  const filled = scans.filter(({records}) => records.length > 0);
  const [first] = filled;
  if (first === undefined) return [];
  if (filled.length === 1) return first.records;
  const sorted = filled.flatMap(({records}) => records).sort((a, b) => treeOrder(a.path, b.path));
  return sorted.filter((record, at) => at === 0 || sorted[at - 1]?.path !== record.path);
}
