// What ignore rules say about a tree before it is walked: directories nobody needs to look into, and, for the
// allow lists that start with `*`, the few places where something can be kept at all. Only ever leaves out what
// the rules leave out; patterns whose meaning is not obvious from their text are not reasoned about.

import {minimalRoots} from './copy-pattern.ts';
import type {PatternMatcher} from './pattern-matcher.ts';
import {isWithin} from './tree.ts';

// Also what is special only once a pattern became a regular expression.
const special = /[*?[\]\\|{}^]/;
const everything: ReadonlySet<string> = new Set(['*', '**', '**/*']);
// No pattern that reaches this test can name it.
const someChild = 'some\u0001child';

/** Directories all of whose entries are ignored whatever they are; they may not exist. */
export function prunableOf(matcher: PatternMatcher): string[] {
  const found: string[] = [];
  for (const {text, exclusion} of matcher.patterns) {
    if (exclusion) continue;
    const directory = text.replace(/\/\*\*?$/, '');
    if (special.test(directory) || directory === '.' || matcher.mayTakeBackBelow(directory)) continue;
    const ignored = directory === text ? directory : `${directory}/${someChild}`;
    if (matcher.excludesInWalk(ignored)) found.push(directory);
  }
  return minimalRoots(found);
}

// Names that are ignored wherever they are, by rules such as **/node_modules, in lists where none takes back.
export function prunableNamesOf(matcher: PatternMatcher): string[] {
  if (matcher.hasExclusions) return [];
  const names = matcher.patterns.flatMap(({text}) => /^\*\*\/([^/]+)$/.exec(text)?.[1] ?? []);
  return [...new Set(names.filter((name) => !special.test(name)))];
}

/** The parts of `roots` in which the rules can keep something. */
export function reachableRoots(matcher: PatternMatcher, roots: readonly string[]): string[] {
  const places = allowedPlacesOf(matcher);
  const within =
    places === undefined
      ? roots
      : roots.flatMap((root) =>
          places.flatMap((place) => (isWithin(place, root) ? [place] : isWithin(root, place) ? [root] : [])),
        );
  const prunable = prunableOf(matcher);
  return minimalRoots(within.filter((root) => !prunable.some((directory) => isBelow(root, directory))));
}

/**
 * Undefined: anywhere. Only the first rule that ignores can make an allow list: one behind another is not
 * evaluated for what is ignored already, and then not known below it (see PatternMatcher.matchesBelow).
 */
function allowedPlacesOf(matcher: PatternMatcher): string[] | undefined {
  const {patterns} = matcher;
  const first = patterns.findIndex(({exclusion}) => !exclusion);
  const pattern = patterns[first];
  if (pattern === undefined || !everything.has(pattern.text)) return undefined;
  const places = new Set<string>();
  for (const {text, exclusion} of patterns.slice(first + 1)) {
    if (!exclusion) continue;
    const place = literalHeadOf(text);
    if (place === undefined) return undefined;
    places.add(place);
  }
  return [...places];
}

/**
 * The leading components that are just names. Undefined when there are none, or when alternatives make that
 * uncertain.
 */
function literalHeadOf(text: string): string | undefined {
  const parts = text.split('/');
  const first = parts.findIndex((part) => special.test(part));
  const names = first < 0 ? parts : parts.slice(0, first);
  if (names.length === 0 || text.startsWith('/') || text === '.' || /[|{}]/.test(text)) return undefined;
  return names.join('/');
}

function isBelow(path: string, directory: string): boolean {
  return path !== directory && isWithin(path, directory);
}
