// Glob patterns of ${x#p}, ${x%p} and ${x/p/r}: `*` and `?` only, `\*`, `\?` and `\\` stand for themselves. Brackets
// are ordinary characters, other escapes are errors. `*` and `?` match no newline. Docker lets Go's regexp match, in
// time that is linear whatever the pattern; JavaScript's goes back and forth without end on `*a*a*a*b`, so the matching
// is done here (`Glob`). Go's replacement templates in ${x//p/r} are kept.

export type PatternOutcome = {readonly result: string} | {readonly error: string};

/** A pattern is compared with every place of a value. */
const patternLengthMax = 1000;

/** Cuts the match of `pattern` off the beginning of `value`: the shortest one, or the longest when `greedy`. */
export function trimPrefix(value: string, pattern: string, greedy: boolean): PatternOutcome {
  const glob = compile(pattern);
  if (typeof glob === 'string') return {error: glob};
  const characters = [...value];
  const end = glob.matchAt(characters, 0, greedy) ?? 0;
  return {result: end === 0 ? value : characters.slice(end).join('')};
}

/** Like trimPrefix at the end: both are turned round. */
export function trimSuffix(value: string, pattern: string, greedy: boolean): PatternOutcome {
  const outcome = trimPrefix(reverse(value), reversePattern(pattern), greedy);
  return 'error' in outcome ? outcome : {result: reverse(outcome.result)};
}

/** Replaces the first match, with the text as it is. */
export function replaceFirst(value: string, pattern: string, replacement: string): PatternOutcome {
  const glob = compile(pattern);
  if (typeof glob === 'string') return {error: glob};
  const characters = [...value];
  const match = glob.find(characters, 0);
  if (match === undefined) return {result: value};
  const before = characters.slice(0, match.start).join('');
  return {result: before + replacement + characters.slice(match.end).join('')};
}

/** Replaces all matches; `$0` in the replacement is the match, other `$names` are empty, `$$` is a dollar sign. */
export function replaceAll(value: string, pattern: string, replacement: string): PatternOutcome {
  const glob = compile(pattern);
  if (typeof glob === 'string') return {error: glob};
  const characters = [...value];
  let result = '';
  let copied = 0;
  let from = 0;
  for (let match = glob.find(characters, from); match !== undefined; match = glob.find(characters, from)) {
    const {start, end} = match;
    from = end > start ? end : end + 1;
    // As in Go, no empty match stands right behind another one.
    if (end > start || start > copied || start === 0) {
      const matched = characters.slice(start, end).join('');
      result += characters.slice(copied, start).join('') + expandTemplate(replacement, matched);
      copied = end;
    }
    if (from > characters.length) break;
  }
  return {result: result + characters.slice(copied).join('')};
}

function expandTemplate(template: string, match: string): string {
  return template.replace(/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu, (text, braced, bare) => {
    if (text === '$$') return '$';
    return (braced ?? bare) === '0' ? match : '';
  });
}

/** What stands between two `*`: characters, and undefined for `?`. */
type Segment = readonly (string | undefined)[];

/**
 * A pattern as its segments. Each is looked for behind the one before it, on the same line: the earliest place is
 * always the best, since it leaves the most room to the others, and only the last one differs between the shortest and
 * the longest match.
 */
class Glob {
  readonly #segments: readonly Segment[];

  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  /** End of the match at `start`. */
  matchAt(value: readonly string[], start: number, greedy: boolean): number | undefined {
    const [first = [], ...others] = this.#segments;
    if (!isAt(value, start, first)) return undefined;
    let end = start + first.length;
    for (const [index, segment] of others.entries()) {
      const isLast = index === others.length - 1;
      const found = isLast && greedy ? lastOf(value, end, segment) : firstOf(value, end, segment);
      if (found === undefined) return undefined;
      end = found + segment.length;
    }
    return end;
  }

  /** The leftmost match from `from` on, the longest there. */
  find(value: readonly string[], from: number): {readonly start: number; readonly end: number} | undefined {
    const first = this.#segments[0] ?? [];
    for (let start = from; start <= value.length; start++) {
      if (!isAt(value, start, first)) continue;
      const end = this.matchAt(value, start, true);
      if (end !== undefined) return {start, end};
      // What is missing on this line is missing for every later start on it, too.
      const newline = value.indexOf('\n', start + first.length);
      if (newline < 0) return undefined;
      start = Math.max(start, newline - first.length);
    }
    return undefined;
  }
}

function isAt(value: readonly string[], at: number, segment: Segment): boolean {
  if (at + segment.length > value.length) return false;
  for (let index = 0; index < segment.length; index++) {
    const wanted = segment[index];
    const character = value[at + index];
    if (wanted === undefined ? character === '\n' : character !== wanted) return false;
  }
  return true;
}

/** The first place of `segment` from `from` on, with no newline before it. */
function firstOf(value: readonly string[], from: number, segment: Segment): number | undefined {
  for (let at = from; at + segment.length <= value.length; at++) {
    if (isAt(value, at, segment)) return at;
    if (value[at] === '\n') return undefined;
  }
  return undefined;
}

function lastOf(value: readonly string[], from: number, segment: Segment): number | undefined {
  const newline = value.indexOf('\n', from);
  const last = Math.min(newline < 0 ? value.length : newline, value.length - segment.length);
  for (let at = last; at >= from; at--) if (isAt(value, at, segment)) return at;
  return undefined;
}

/** A glob, or the text of an error. */
function compile(pattern: string): Glob | string {
  const fail = (problem: string): string => `invalid pattern (${pattern}) in substitution: ${problem}`;
  if (pattern.length > patternLengthMax) {
    return `pattern of ${pattern.length} characters in substitution, at most ${patternLengthMax} are possible`;
  }
  const segments: (string | undefined)[][] = [[]];
  const characters = [...pattern];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? '';
    if (character === '*') segments.push([]);
    else if (character === '?') segments.at(-1)?.push(undefined);
    else if (character === '\\') {
      const next = characters[index + 1];
      // `}` and `/` are escaped for the sake of ${} only.
      if (next === '}' || next === '/') continue;
      if (next !== '*' && next !== '?' && next !== '\\')
        return fail(`invalid escape '\\${next ?? '\ufffd'}'`);
      segments.at(-1)?.push(next);
      index++;
    } else segments.at(-1)?.push(character);
  }
  return new Glob(segments);
}

function reverse(text: string): string {
  return [...text].reverse().join('');
}

/** Escapes stay in front of what they escape. */
function reversePattern(pattern: string): string {
  return (pattern.match(/\\?./gsu) ?? []).reverse().join('');
}
