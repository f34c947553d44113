// moby/patternmatcher: what .dockerignore and --exclude mean. Patterns apply in order, a later one wins, `!` takes
// back, and a match of a directory holds for everything below it. Compiled once; plain names, `dir/**` and
// `**/name` never reach a regular expression. Differences to gitignore and to most npm packages are the point:
// this is Docker's meaning.

import {BadPatternError, clean, compileMatch, trimSpace} from '../util/go-path.ts';
import {mobyExpressionOf, regExpOf} from './ignore-regexp.ts';
import {starMachineOf} from './star-machine.ts';

/** A pattern that moby refuses when it reads the list; the message is moby's. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  /** Cleaned, without a `!` in front. */
  readonly pattern: string;

  constructor(message: string, pattern: string) {
    super(message);
    this.pattern = pattern;
  }
}

export interface Pattern {
  /** Cleaned, without the `!`. */
  readonly text: string;
  /** `!`: takes back what earlier patterns matched. */
  readonly exclusion: boolean;
  /** Whether the pattern itself matches the path; parents are the caller's. Throws PatternError (see `compile`). */
  matches(path: string): boolean;
}

/** Which patterns matched a directory, so that its children need not be tested again. One byte per pattern. */
export type MatchState = Uint8Array;

/** Linux' PATH_MAX. Docker has no limit but that of its regular expressions. */
export const patternLengthMax = 4096;

const noState: MatchState = new Uint8Array(0);

export class PatternMatcher {
  readonly patterns: readonly Pattern[];
  /** Some pattern takes back. */
  readonly hasExclusions: boolean;

  /** Throws PatternError for `!` alone and for what filepath.Match cannot read. */
  constructor(patterns: readonly string[]) {
    const read: Pattern[] = [];
    for (const raw of patterns) {
      const trimmed = trimSpace(raw);
      if (trimmed === '') continue;
      if (trimmed.length > patternLengthMax) {
        throw new PatternError(`pattern longer than ${patternLengthMax} characters`, trimmed.slice(0, 100));
      }
      const cleaned = clean(trimmed);
      if (cleaned === '!') throw new PatternError('illegal exclusion pattern: "!"', '!');
      const exclusion = cleaned.startsWith('!');
      read.push(patternOf(exclusion ? cleaned.slice(1) : cleaned, exclusion));
    }
    this.patterns = read;
    this.hasExclusions = read.some((pattern) => pattern.exclusion);
  }

  /** Whether the last matching pattern, for the path or any directory above it, is not a `!` one. */
  matchesOrParentMatches(path: string): boolean {
    return this.matchesBelow(path, noState, undefined);
  }

  /** The pattern that keeps `path` out, the last that has a say; undefined when none does. */
  patternAgainst(path: string): string | undefined {
    if (!this.matchesOrParentMatches(path)) return undefined;
    const says = (pattern: Pattern): boolean => pattern.matches(path) || matchesAnyParent(pattern, path);
    return this.patterns.findLast((pattern) => !pattern.exclusion && says(pattern))?.text;
  }

  /**
   * The same in a walk: `parent` is the state of the directory that holds `path` (empty at the top), and `own`, when
   * given, receives that of the path. Not the same as the above in one corner that moby has, too: a pattern that was
   * not evaluated for a directory, because it could not change the outcome, counts as not matching there.
   */
  matchesBelow(path: string, parent: MatchState, own: MatchState | undefined): boolean {
    let matched = false;
    const {patterns} = this;
    for (let index = 0; index < patterns.length; index++) {
      const pattern = patterns[index];
      if (pattern === undefined) continue;
      let match = parent[index] === 1;
      if (!match) {
        // It cannot change the outcome, whatever it says.
        if (pattern.exclusion !== matched) continue;
        match = pattern.matches(path) || (parent.length === 0 && matchesAnyParent(pattern, path));
      }
      if (!match) continue;
      if (own !== undefined) own[index] = 1;
      matched = !pattern.exclusion;
    }
    return matched;
  }

  /** Whether a walk that came to `path` through the directories above it would leave it out. */
  excludesInWalk(path: string): boolean {
    let state = noState;
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const own = this.newState();
      this.matchesBelow(path.slice(0, at), state, own);
      state = own;
    }
    return this.matchesBelow(path, state, undefined);
  }

  newState(): MatchState {
    return new Uint8Array(this.patterns.length);
  }

  /** False when nothing below an ignored directory can be taken back, so that a walk need not look inside. */
  mayTakeBackBelow(directory: string): boolean {
    if (!this.hasExclusions) return false;
    const prefix = `${directory}/`;
    return this.patterns.some(({exclusion, text}) => {
      if (!exclusion) return false;
      const literal = text.replace(/\/\*\*$/, '').replace(/\/\*$/, '');
      return /[*[\]?^\\]/.test(literal) || `${literal}/`.startsWith(prefix);
    });
  }
}

/**
 * patternmatcher.MatchesOrParentMatches of a path as a user may write it: it is cleaned, and '.' never matches, since
 * ignoring everything by naming the root is not what anyone means.
 */
export function isExcluded(matcher: PatternMatcher, path: string): boolean {
  const cleaned = clean(path);
  return cleaned !== '.' && matcher.matchesOrParentMatches(cleaned);
}

function matchesAnyParent(pattern: Pattern, path: string): boolean {
  // moby splits filepath.Dir at every slash, so a rooted path has '' as its first parent and '/x' has '/' as well.
  const end = path.lastIndexOf('/');
  if (end === 0) return safelyMatches(pattern, '') || safelyMatches(pattern, '/');
  for (let at = path.indexOf('/'); at >= 0 && at <= end; at = path.indexOf('/', at + 1)) {
    if (safelyMatches(pattern, path.slice(0, at))) return true;
  }
  return false;
}

/** moby drops the error of a pattern that it tries on a parent. */
function safelyMatches(pattern: Pattern, path: string): boolean {
  try {
    return pattern.matches(path);
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
}

function patternOf(text: string, exclusion: boolean): Pattern {
  try {
    compileMatch(text);
  } catch (error) {
    if (error instanceof BadPatternError) throw new PatternError(error.message, text);
    throw error;
  }
  return {text, exclusion, matches: testOf(text)};
}

function testOf(text: string): (path: string) => boolean {
  const kind = kindOf(text);
  switch (kind) {
    case 'exact':
      return (path) => path === text;
    case 'prefix': {
      const prefix = text.slice(0, -2);
      return (path) => path.startsWith(prefix);
    }
    case 'suffix': {
      // `**x` is a plain test of the end, even within a name; `**/x` matches a bare x as well.
      const suffix = text.slice(2);
      const bare = suffix.startsWith('/') ? suffix.slice(1) : undefined;
      return (path) => path.endsWith(suffix) || path === bare;
    }
    case 'expression':
      return starMachineOf(text) ?? lazily(text);
  }
}

/** moby compiles at first use, so a pattern that Go's regexp refuses is an error only where it is evaluated. */
function lazily(text: string): (path: string) => boolean {
  let compiled: RegExp | BadPatternError | undefined;
  return (path) => {
    compiled ??= compile(text);
    if (compiled instanceof BadPatternError) throw new PatternError(compiled.message, text);
    return compiled.test(path);
  };
}

function compile(text: string): RegExp | BadPatternError {
  try {
    return regExpOf(mobyExpressionOf(text));
  } catch (error) {
    if (error instanceof BadPatternError) return error;
    throw error;
  }
}

/** How moby's conversion classifies a pattern while it goes through it. */
function kindOf(text: string): 'exact' | 'prefix' | 'suffix' | 'expression' {
  let kind: 'exact' | 'prefix' | 'suffix' | 'expression' = 'exact';
  const start = text.startsWith('\ufeff') ? 1 : 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '*' && text[at + 1] === '*') {
      const first = at === start;
      at++;
      if (text[at + 1] === '/') at++;
      kind = at + 1 >= text.length && kind === 'exact' ? 'prefix' : 'expression';
      if (first) kind = 'suffix';
    } else if (char === '*' || char === '?' || char === '[' || char === ']') {
      kind = 'expression';
    } else if (char === '\\' && at + 1 < text.length) {
      at++;
      kind = 'expression';
    }
  }
  return kind;
}
