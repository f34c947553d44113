// Path functions that behave exactly as Go's path/filepath on Linux: the Dockerfile language and .dockerignore are
// defined by what these functions do, down to their errors. Pure text; nothing here looks at a file system.

/** What filepath.Match says of a malformed pattern. */
const badPatternMessage = 'syntax error in pattern';

export class BadPatternError extends Error {
  override readonly name = 'BadPatternError';

  constructor() {
    super(badPatternMessage);
  }
}

/** filepath.Clean: the shortest equivalent path; '' becomes '.'. */
export function clean(path: string): string {
  if (path === '') return '.';
  const rooted = path.startsWith('/');
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.length > 0 && kept[kept.length - 1] !== '..') kept.pop();
    else if (!rooted) kept.push('..');
  }
  const text = kept.join('/');
  if (rooted) return `/${text}`;
  return text === '' ? '.' : text;
}

/** filepath.Join: empty elements are left out, the rest is cleaned; '' when all are empty. */
export function join(...elements: readonly string[]): string {
  const parts = elements.filter((element) => element !== '');
  return parts.length === 0 ? '' : clean(parts.join('/'));
}

/** filepath.Base: the last element without trailing slashes; '.' for '', '/' for slashes only. */
export function base(path: string): string {
  if (path === '') return '.';
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '') return '/';
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

/** filepath.Dir: all but the last element, cleaned. */
export function dir(path: string): string {
  return clean(path.slice(0, path.lastIndexOf('/') + 1));
}

/**
 * The path below the root that `path` means when `/` and `..` cannot leave it: no leading slash, '.' for the root.
 */
export function clampToRoot(path: string): string {
  const rooted = clean(`/${path}`);
  return rooted === '/' ? '.' : rooted.slice(1);
}

// White space as unicode.IsSpace has it. String.prototype.trim differs: it takes U+FEFF and leaves U+0085.
const space = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const leadingOrTrailingSpace = new RegExp(`^${space}|${space}$`, 'g');

/** strings.TrimSpace. */
export function trimSpace(text: string): string {
  return text.replace(leadingOrTrailingSpace, '');
}

type Term =
  | {readonly kind: 'star'}
  | {readonly kind: 'any'}
  | {readonly kind: 'char'; readonly code: number}
  | {
      readonly kind: 'class';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [number, number])[];
    };

const slash = 0x2f;
const star: Term = {kind: 'star'};

/**
 * The test of filepath.Match for one pattern. Throws BadPatternError when it is malformed, as Match does whatever the
 * name (since Go 1.16 the whole pattern is checked even after a mismatch).
 */
export function compileMatch(pattern: string): (name: string) => boolean {
  const terms = termsOf(Array.from(pattern, (char) => char.codePointAt(0) ?? 0));
  return (name) =>
    matchTerms(
      terms,
      Array.from(name, (char) => char.codePointAt(0) ?? 0),
    );
}

/** filepath.Match. Throws BadPatternError. */
export function match(pattern: string, name: string): boolean {
  return compileMatch(pattern)(name);
}

function termsOf(codes: readonly number[]): Term[] {
  const terms: Term[] = [];
  let at = 0;
  while (at < codes.length) {
    const char = String.fromCodePoint(codes[at] ?? 0);
    at++;
    if (char === '*') {
      if (terms[terms.length - 1] !== star) terms.push(star);
    } else if (char === '?') {
      terms.push({kind: 'any'});
    } else if (char === '[') {
      const parsed = classOf(codes, at);
      terms.push(parsed.term);
      at = parsed.end;
    } else {
      if (char === '\\') at++;
      const code = codes[at - 1];
      if (code === undefined) throw new BadPatternError();
      terms.push({kind: 'char', code});
    }
  }
  return terms;
}

/** A character class whose `[` ends just before `start`. A `]` cannot be its first member, nor a bare `-` any. */
function classOf(codes: readonly number[], start: number): {readonly term: Term; readonly end: number} {
  const is = (index: number, char: string) => codes[index] === char.charCodeAt(0);
  let at = start;
  const negated = is(at, '^');
  if (negated) at++;
  const member = (): number => {
    if (is(at, '-') || is(at, ']')) throw new BadPatternError();
    if (is(at, '\\')) at++;
    const code = codes[at];
    at++;
    if (code === undefined || at >= codes.length) throw new BadPatternError();
    return code;
  };
  const ranges: [number, number][] = [];
  while (!(is(at, ']') && ranges.length > 0)) {
    const low = member();
    let high = low;
    if (is(at, '-')) {
      at++;
      high = member();
    }
    ranges.push([low, high]);
  }
  return {term: {kind: 'class', negated, ranges}, end: at + 1};
}

/** On a mismatch the latest star takes one more character; an earlier one never has to (none can cross a slash). */
function matchTerms(terms: readonly Term[], name: readonly number[]): boolean {
  let term = 0;
  let at = 0;
  let starTerm = -1;
  let starAt = 0;
  while (at < name.length || term < terms.length) {
    const current = terms[term];
    if (current?.kind === 'star') {
      starTerm = term;
      starAt = at;
      term++;
      continue;
    }
    const code = name[at];
    if (current !== undefined && code !== undefined && matchesOne(current, code)) {
      term++;
      at++;
      continue;
    }
    if (starTerm < 0 || starAt >= name.length || name[starAt] === slash) return false;
    starAt++;
    at = starAt;
    term = starTerm + 1;
  }
  return true;
}

function matchesOne(term: Term, code: number): boolean {
  switch (term.kind) {
    case 'star':
      return false;
    case 'any':
      return code !== slash;
    case 'char':
      return code === term.code;
    case 'class':
      return term.ranges.some(([low, high]) => low <= code && code <= high) !== term.negated;
  }
}
