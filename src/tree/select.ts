// Which entries of a tree a COPY or ADD takes: BuildKit's rules (fsutil's copy and contenthash), decided once, so
// that the content key, the copy itself and the error text agree. Symlinks in a source path are followed inside
// the root, a source that is one, too; symlinks met below a copied directory stay symlinks. Pure.

import {BuildError, buildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import {AssertionError} from '../util/assert.ts';
import {BadPatternError, base, compileMatch, dir, join} from '../util/go-path.ts';
import {suggest} from '../util/suggest.ts';
import {
  type CopyPattern,
  literalStartOf,
  type SourcePattern,
  sourcePatternsOf,
  walkRootsOf,
} from './copy-pattern.ts';
import {PatternError, PatternMatcher} from './pattern-matcher.ts';
import {isDirectory, type TreeRecord} from './record.ts';
import {type Resolution, resolveInTree} from './resolve.ts';
import type {Tree} from './tree.ts';
import {keptEntries} from './walk-filter.ts';

export interface SelectedSource {
  /** 'file': anything but a directory. */
  readonly kind: 'file' | 'directory';
  /** Where it is, symlinks resolved; relative to the root, '.' for the root. */
  readonly path: string;
  /**
   * Its name when the destination turns out to be a directory: as written or matched, before symlinks were
   * followed.
   */
  readonly name: string;
  /**
   * In tree order. A directory: what is copied from below it (never itself, its contents are copied); with --parents
   * the kept names are the destination's as well. A file: its record.
   */
  readonly entries: readonly TreeRecord[];
  /** A directory of which something stays behind: ignored, excluded or not included. */
  readonly filtered: boolean;
}

export interface Selection {
  readonly sources: readonly SelectedSource[];
  /** Symlinks led to a source, so more than the walk roots of the copy decides what is selected. */
  readonly followedLinks?: true;
}

export type SelectOutcome =
  | {readonly type: 'selected'; readonly selection: Selection}
  /** Symlinks lead to parts that were not scanned; ask again with a tree that has these walk roots as well. */
  | {readonly type: 'unscanned'; readonly roots: readonly string[]};

/** Throws BuildError('user') for a source that is not there and for a malformed pattern. */
export function select(tree: Tree, copy: CopyPattern): SelectOutcome {
  const selector = new Selector(tree, excludeMatcherOf(copy.excludes));
  const sources = sourcePatternsOf(copy).flatMap((source) => selector.sourcesOf(source));
  if (selector.unscanned.length > 0) return {type: 'unscanned', roots: selector.unscanned};
  const [first, ...others] = selector.missing;
  if (first !== undefined) throw new BuildError('user', [first, ...others]);
  return {type: 'selected', selection: {sources, ...(selector.followedLinks ? {followedLinks: true} : {})}};
}

/** Gives a tree that has all earlier roots as well; `namesOnly`: nobody will ask what is in the files. */
export type ScanRoots = (roots: readonly string[], namesOnly?: boolean) => Promise<Tree>;

/** `select` with as many scans as symlinks make necessary, and one more to say what a missing source may be. */
export async function selectScanning(copy: CopyPattern, scan: ScanRoots): Promise<Selection> {
  let wanted: readonly string[] = walkRootsOf(copy);
  for (let round = 0; round < roundsMax; round++) {
    const tree = await scan(wanted);
    const outcome = await selectOrSuggest(tree, copy, scan);
    if (outcome.type === 'selected') return outcome.selection;
    // A scan covers what it was asked for, so each round gets past at least one symlink more.
    wanted = outcome.roots;
  }
  throw new AssertionError('a scan does not cover the walk roots that it was asked for');
}

/** A scan for one path shows nothing that it could have been meant for: those beside it are looked at, too. */
async function selectOrSuggest(tree: Tree, copy: CopyPattern, scan: ScanRoots): Promise<SelectOutcome> {
  try {
    return select(tree, copy);
  } catch (error) {
    const places = walkRootsOf(copy).flatMap((root) => (tree.at(root) ? [] : [placeOf(root, tree)]));
    if (places.length === 0) throw error;
    // What cannot be looked at gives no hint, and hides no failure.
    const wider = await scan(places, true).catch(() => tree);
    return select(wider, copy);
  }
}

/** The nearest directory above the path that is there. */
function placeOf(path: string, tree: Tree): string {
  let place = dir(path);
  while (place !== '.' && tree.at(place) === undefined) place = dir(place);
  return place;
}

// Twice what one path can have of symlinks.
const roundsMax = 512;

class Selector {
  readonly unscanned: string[] = [];
  /** All sources that are not there: the user is told of every one. */
  readonly missing: Diagnostic[] = [];
  followedLinks = false;
  readonly #tree: Tree;
  readonly #exclude: PatternMatcher | undefined;

  constructor(tree: Tree, exclude: PatternMatcher | undefined) {
    this.#tree = tree;
    this.#exclude = exclude;
  }

  sourcesOf(source: SourcePattern): SelectedSource[] {
    const start = this.#resolve(source.prefix);
    if (source.pattern !== '') {
      if (start.type === 'unscanned') this.unscanned.push(start.path);
      if (start.type !== 'found') return [];
      return this.#matchesOf(source, start.path).flatMap((record) => this.#sourceAt(source, record.path));
    }
    return this.#sourceOf(source, source.prefix, start);
  }

  #resolve(path: string): Resolution {
    const resolution = resolveInTree(this.#tree, path);
    if (resolution.links > 0) this.followedLinks = true;
    return resolution;
  }

  #sourceAt(source: SourcePattern, path: string): SelectedSource[] {
    return this.#sourceOf(source, path, this.#resolve(path));
  }

  #sourceOf(source: SourcePattern, written: string, found: Resolution): SelectedSource[] {
    if (found.type === 'unscanned') {
      this.unscanned.push(found.path);
      return [];
    }
    if (found.type === 'missing') {
      this.#report(source.required ?? written);
      return [];
    }
    const {path, record} = found;
    if (record !== undefined && !isDirectory(record)) {
      this.#require(source, path);
      return [{kind: 'file', path, name: base(written), entries: [record], filtered: false}];
    }
    // What lies below the target of a symlink was not asked for by the walk roots of the pattern.
    const wanted = source.include === undefined ? path : join(path, literalStartOf(source.include));
    if (!this.#tree.coversBelow(wanted)) {
      this.unscanned.push(wanted);
      return [];
    }
    const entries = this.#entriesBelow(path, source.include);
    this.#require(source, path);
    const filtered = entries.length !== this.#tree.countBelow(path);
    return [{kind: 'directory', path, name: base(written), entries, filtered}];
  }

  #matchesOf(source: SourcePattern, start: string): TreeRecord[] {
    let matches: (name: string) => boolean;
    try {
      matches = compileMatch(source.pattern);
    } catch (error) {
      throw badPattern(source.pattern, error);
    }
    // Only a class can match a slash; without one the number of components is known.
    const depth = source.pattern.includes('[') ? undefined : source.pattern.split('/').length;
    const prefixLength = start === '.' ? 0 : start.length + 1;
    const found: TreeRecord[] = [];
    let matchedPrefix: string | undefined;
    for (const record of this.#tree.below(start)) {
      if (matchedPrefix !== undefined && record.path.startsWith(matchedPrefix)) continue;
      const name = record.path.slice(prefixLength);
      if (depth !== undefined && depthOf(name) !== depth) continue;
      if (!matches(name)) continue;
      found.push(record);
      // Below a match nothing is matched again.
      matchedPrefix = `${record.path}/`;
    }
    return found;
  }

  #entriesBelow(directory: string, include: string | undefined): readonly TreeRecord[] {
    const all = this.#tree.below(directory);
    if (include === undefined && this.#exclude === undefined) return all;
    try {
      const matcher = include === undefined ? undefined : new PatternMatcher([include]);
      return keptEntries(all, {base: directory, include: matcher, exclude: this.#exclude});
    } catch (error) {
      throw badPattern(error instanceof PatternError ? error.pattern : '', error);
    }
  }

  /** BuildKit wants a literal --parents path among what its pattern takes, so one that ends at the pivot never is. */
  #require(source: SourcePattern, directory: string): void {
    const {include, required} = source;
    if (include === undefined || required === undefined) return;
    if (include === '' || this.#tree.at(join(directory, include)) === undefined) this.#report(required);
  }

  #report(path: string): void {
    const shown = path === '.' ? '/' : `/${path}`;
    const hints: string[] = [];
    const ignored = this.#tree.ignoredPartOf(path);
    const rule = this.#tree.ignoreRuleAgainst(ignored ?? path);
    if (rule !== undefined) {
      const what =
        ignored === undefined
          ? 'the ignore file excludes it'
          : `/${ignored} is there, but the ignore file excludes it`;
      hints.push(`${what}: ${rule}`);
    }
    const others = this.#tree.kept.slice(0, suggestionsMax).map((record) => record.path);
    const nearest = suggest(
      path,
      // A directory on the way to it is not meant, the whole context neither.
      others.filter((other) => other !== '.' && !path.startsWith(`${other}/`)),
    );
    if (hints.length === 0 && nearest !== undefined && nearest !== path)
      hints.push(`did you mean ${nearest}?`);
    const message = `${JSON.stringify(shown)}: not found`;
    this.missing.push({severity: 'error', code: 'copy-source-not-found', message, hints});
  }
}

// Edit distances cost time in proportion; a larger tree has few readers of a suggestion.
const suggestionsMax = 20_000;

function depthOf(name: string): number {
  let depth = 1;
  for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) depth++;
  return depth;
}

function excludeMatcherOf(excludes: readonly string[]): PatternMatcher | undefined {
  if (excludes.length === 0) return undefined;
  try {
    return new PatternMatcher(excludes);
  } catch (error) {
    throw badPattern(excludes.join(' '), error);
  }
}

function badPattern(pattern: string, error: unknown): unknown {
  if (!(error instanceof PatternError || error instanceof BadPatternError)) return error;
  return buildError('user', 'copy-bad-pattern', `${error.message}: ${JSON.stringify(pattern)}`, {
    hints: ['a [ opens a class of characters that needs its ], a literal one is written [[]'],
  });
}
