// Glob patterns of ${x#p}, ${x%p} and ${x/p/r}: `*` and `?` only, `\*`, `\?` and `\\` stand for themselves. Brackets
// are ordinary characters, other escapes are errors. Go's regexp does the work in docker, hence its replacement
// templates in ${x//p/r}.

export type PatternOutcome = {readonly result: string} | {readonly error: string};

/** Cuts the match of `pattern` off the beginning of `value`: the shortest one, or the longest when `greedy`. */
export function trimPrefix(value: string, pattern: string, greedy: boolean): PatternOutcome {
  const compiled = compile(pattern, greedy, true);
  if (typeof compiled === 'string') return {error: compiled};
  return {result: value.slice(compiled.exec(value)?.[0].length ?? 0)};
}

/** Like trimPrefix at the end. Both are reversed, because a regular expression finds the leftmost match only. */
export function trimSuffix(value: string, pattern: string, greedy: boolean): PatternOutcome {
  const outcome = trimPrefix(reverse(value), reversePattern(pattern), greedy);
  return 'error' in outcome ? outcome : {result: reverse(outcome.result)};
}

/** Replaces the first match, with the text as it is. */
export function replaceFirst(value: string, pattern: string, replacement: string): PatternOutcome {
  const compiled = compile(pattern, true, false);
  if (typeof compiled === 'string') return {error: compiled};
  const match = compiled.exec(value);
  if (match === null) return {result: value};
  return {result: value.slice(0, match.index) + replacement + value.slice(match.index + match[0].length)};
}

/** Replaces all matches; `$0` in the replacement is the match, other `$names` are empty, `$$` is a dollar sign. */
export function replaceAll(value: string, pattern: string, replacement: string): PatternOutcome {
  const compiled = compile(pattern, true, false);
  if (typeof compiled === 'string') return {error: compiled};
  let result = '';
  let copied = 0;
  let lastEnd = 0;
  for (const match of value.matchAll(new RegExp(compiled.source, 'gu'))) {
    const end = match.index + match[0].length;
    // Go leaves out an empty match right behind another one, JavaScript does not.
    if (end <= lastEnd && match.index !== 0) continue;
    result += value.slice(copied, match.index) + expandTemplate(replacement, match[0]);
    copied = end;
    lastEnd = end;
  }
  return {result: result + value.slice(copied)};
}

function expandTemplate(template: string, match: string): string {
  return template.replace(/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu, (text, braced, bare) => {
    if (text === '$$') return '$';
    return /^0+$/.test(braced ?? bare) ? match : '';
  });
}

/** A regular expression, or the text of an error. */
function compile(pattern: string, greedy: boolean, anchored: boolean): RegExp | string {
  const fail = (problem: string): string => `invalid pattern (${pattern}) in substitution: ${problem}`;
  const characters = [...pattern];
  let source = anchored ? '^' : '';
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? '';
    if (character === '*') source += greedy ? '[^\\n]*' : '[^\\n]*?';
    else if (character === '?') source += '[^\\n]';
    else if (character === '\\') {
      const next = characters[index + 1];
      // `}` and `/` are escaped for the sake of ${} only.
      if (next === '}' || next === '/') continue;
      if (next !== '*' && next !== '?' && next !== '\\')
        return fail(`invalid escape '\\${next ?? '\ufffd'}'`);
      source += `\\${next}`;
      index++;
    } else source += /[[\]{}.+()|^$]/.test(character) ? `\\${character}` : character;
  }
  return new RegExp(source, 'u');
}

function reverse(text: string): string {
  return [...text].reverse().join('');
}

/** Escapes stay in front of what they escape. */
function reversePattern(pattern: string): string {
  return (pattern.match(/\\?./gsu) ?? []).reverse().join('');
}
