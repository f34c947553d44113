// Which records of a walk stay when ignore rules (or --exclude and --parents patterns) apply. A directory that
// does not stay itself comes back when something below it does: it is given just before its first kept descendant,
// as fsutil's FilterFS and copier do. Records come in tree order; one whose parent was not given as a directory (a
// path through a symlink) is dropped.

import type {MatchState, PatternMatcher} from './pattern-matcher.ts';
import {isDirectory} from './record.ts';

/** What a filter needs to know of a record. */
export interface WalkEntry {
  readonly path: string;
  readonly mode: number;
}

export interface WalkRules {
  /** Directory that patterns are relative to; '.' for the root, whose own record always stays. */
  readonly base: string;
  /** Only what matches; undefined: everything. */
  readonly include: PatternMatcher | undefined;
  readonly exclude: PatternMatcher | undefined;
}

interface OpenDirectory<R> {
  readonly record: R;
  /** Path and a slash. */
  readonly prefix: string;
  readonly includeState: MatchState;
  readonly excludeState: MatchState;
  kept: boolean;
}

const noState: MatchState = new Uint8Array(0);

/** The kept ones of `entries`. Throws PatternError when a pattern cannot be evaluated. */
export function keptEntries<R extends WalkEntry>(entries: Iterable<R>, rules: WalkRules): R[] {
  const filter = new WalkFilter<R>(rules);
  for (const entry of entries) filter.add(entry);
  return filter.kept;
}

class WalkFilter<R extends WalkEntry> {
  readonly kept: R[] = [];
  readonly #rules: WalkRules;
  readonly #basePrefix: string;
  readonly #open: OpenDirectory<R>[] = [];
  /** Everything below this ignored directory is out, for no rule can take it back. */
  #closedPrefix: string | undefined;

  constructor(rules: WalkRules) {
    this.#rules = rules;
    this.#basePrefix = rules.base === '.' ? '' : `${rules.base}/`;
  }

  add(record: R): void {
    const {path} = record;
    if (path === '.') {
      this.kept.push(record);
      return;
    }
    if (this.#closedPrefix !== undefined && path.startsWith(this.#closedPrefix)) return;
    const open = this.#open;
    let parent = open[open.length - 1];
    while (parent !== undefined && !path.startsWith(parent.prefix)) {
      open.pop();
      parent = open[open.length - 1];
    }
    if (path.lastIndexOf('/') + 1 !== (parent?.prefix ?? this.#basePrefix).length) return;
    const relative = path.slice(this.#basePrefix.length);
    if (isDirectory(record)) this.#addDirectory(record, relative, parent);
    else if (this.#stays(relative, parent, undefined, undefined)) this.#keep(record);
  }

  #addDirectory(record: R, relative: string, parent: OpenDirectory<R> | undefined): void {
    const {include, exclude} = this.#rules;
    const includeState = include?.newState() ?? noState;
    const excludeState = exclude?.newState() ?? noState;
    const kept = this.#stays(relative, parent, includeState, excludeState);
    const prefix = `${record.path}/`;
    if (!kept && exclude !== undefined && include === undefined && !exclude.mayTakeBackBelow(relative)) {
      this.#closedPrefix = prefix;
      return;
    }
    if (kept) this.#keep(record);
    this.#open.push({record, prefix, includeState, excludeState, kept});
  }

  #stays(
    relative: string,
    parent: OpenDirectory<R> | undefined,
    includeState: MatchState | undefined,
    excludeState: MatchState | undefined,
  ): boolean {
    const {include, exclude} = this.#rules;
    const included =
      include === undefined || include.matchesBelow(relative, parent?.includeState ?? noState, includeState);
    const excluded = exclude?.matchesBelow(relative, parent?.excludeState ?? noState, excludeState) ?? false;
    return included && !excluded;
  }

  #keep(record: R): void {
    for (const directory of this.#open) {
      if (directory.kept) continue;
      directory.kept = true;
      this.kept.push(directory.record);
    }
    this.kept.push(record);
  }
}
