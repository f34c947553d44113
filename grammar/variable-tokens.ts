// Tokens of a word with variables. The modes follow the nesting: `plain` outside, `double` between double quotes,
// `word` inside ${x:-…} (ends at "}"), `pattern` inside ${x/…/ (ends at "/"). What is special depends on the escape
// character and on whether quotes mean anything, which the caller sets in the shared state before each word.

import {type CustomPatternMatcherFunc, createToken, type TokenType} from './chevrotain.ts';

export interface VariableLexerState {
  escape: string;
  /** Quotes are ordinary characters: bodies of heredocs. */
  skipQuotes: boolean;
}

/** Payload of the tokens that begin with `$`. */
export interface DollarPayload {
  readonly name: string;
  /** What follows the name in braces: `:-`, `#`, `/`, `//`. */
  readonly operator: string;
}

/** Payload of `Bad`: why the expansion fails, and how far docker's scanner would have read. */
export interface BadPayload {
  readonly message: string;
  readonly end: number;
}

const nameSource = '(?:\\p{Nd}+|[@*#?\\-$!0]|[\\p{L}_][\\p{L}\\p{Nd}_]*)';
const variableAt = new RegExp(`\\$(${nameSource})`, 'uy');
const bracedAt = new RegExp(`\\$\\{(${nameSource})\\}`, 'uy');
const replaceAt = new RegExp(`\\$\\{(${nameSource}|)(//?)`, 'uy');
const operatorAt = new RegExp(`\\$\\{(${nameSource}|)(:[^]|[-+?#%])`, 'uy');
const badAt = new RegExp(`\\$\\{(${nameSource}|)`, 'uy');

type Match = (
  text: string,
  offset: number,
) => {readonly length: number; readonly payload?: unknown} | undefined;

function token(name: string, match: Match, modes: {push_mode?: string; pop_mode?: boolean} = {}): TokenType {
  const pattern: CustomPatternMatcherFunc = (text, offset) => {
    const found = match(text, offset);
    if (found === undefined || found.length === 0) return null;
    const result: [string] & {payload?: unknown} = [text.slice(offset, offset + found.length)];
    if (found.payload !== undefined) result.payload = found.payload;
    return result as unknown as RegExpExecArray;
  };
  return createToken({name, pattern, line_breaks: false, ...modes});
}

function exec(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

function dollar(name: string, pattern: RegExp, modes: {push_mode?: string} = {}): TokenType {
  return token(
    name,
    (text, offset) => {
      if (text[offset] !== '$') return undefined;
      const match = exec(pattern, text, offset);
      if (match === null) return undefined;
      const payload: DollarPayload = {name: match[1] ?? '', operator: match[2] ?? ''};
      return {length: match[0].length, payload};
    },
    modes,
  );
}

export function createVariableTokens(state: VariableLexerState) {
  const isEscape = (text: string, offset: number): boolean => text[offset] === state.escape;
  const isQuote = (text: string, offset: number): boolean =>
    !state.skipQuotes && (text[offset] === '"' || text[offset] === "'");
  const dollars = {
    // Before the operators: a colon, or a brace, where a name should be.
    bad: token('Bad', badSubstitution),
    variable: dollar('Variable', variableAt),
    braced: dollar('BracedVariable', bracedAt),
    replace: dollar('Replace', replaceAt, {push_mode: 'pattern'}),
    operator: dollar('Operator', operatorAt, {push_mode: 'word'}),
    loneDollar: token('LoneDollar', (text, offset) => (text[offset] === '$' ? {length: 1} : undefined)),
  };
  const singleQuoted = token('SingleQuoted', (text, offset) => {
    if (text[offset] !== "'" || state.skipQuotes) return undefined;
    const end = text.indexOf("'", offset + 1);
    return {length: (end < 0 ? text.length : end + 1) - offset};
  });
  const openDouble = token(
    'OpenDouble',
    (text, offset) => (text[offset] === '"' && !state.skipQuotes ? {length: 1} : undefined),
    {push_mode: 'double'},
  );
  const escaped = token('Escaped', (text, offset) =>
    isEscape(text, offset) ? {length: 1 + characterLength(text, offset + 1)} : undefined,
  );
  const text = token('Text', (source, offset) => {
    let end = offset;
    while (end < source.length && !'$}/'.includes(source.charAt(end))) {
      if (isEscape(source, end) || isQuote(source, end)) break;
      end++;
    }
    return {length: end - offset};
  });
  const solid = token('Solid', () => ({length: 1}));
  const closeBrace = createToken({name: 'CloseBrace', pattern: '}', pop_mode: true});
  const slash = createToken({name: 'Slash', pattern: '/', pop_mode: true, push_mode: 'word'});
  const double = doubleTokens(isEscape);
  const all = Object.values(dollars);
  const outside = [singleQuoted, openDouble, ...all, escaped, text, solid];
  return {
    ...dollars,
    ...double,
    singleQuoted,
    openDouble,
    escaped,
    text,
    solid,
    closeBrace,
    slash,
    modes: {
      plain: outside,
      word: [closeBrace, ...outside],
      pattern: [slash, ...outside],
      double: [double.closeDouble, ...all, double.escapedInDouble, double.loneEscape, double.doubleText],
    },
  };
}

export type VariableTokens = ReturnType<typeof createVariableTokens>;

function doubleTokens(isEscape: (text: string, offset: number) => boolean) {
  const isEscaped = (text: string, offset: number): boolean =>
    isEscape(text, offset) &&
    (text[offset + 1] === '"' || text[offset + 1] === '$' || isEscape(text, offset + 1));
  return {
    closeDouble: createToken({name: 'CloseDouble', pattern: '"', pop_mode: true}),
    escapedInDouble: token('EscapedInDouble', (text, offset) =>
      isEscaped(text, offset) ? {length: 2} : undefined,
    ),
    loneEscape: token('LoneEscape', (text, offset) => (isEscape(text, offset) ? {length: 1} : undefined)),
    doubleText: token('DoubleText', (text, offset) => {
      let end = offset;
      while (end < text.length && text[end] !== '"' && text[end] !== '$' && !isEscape(text, end)) end++;
      return {length: end - offset};
    }),
  };
}

/** `${` with nothing usable behind it. The rest of the word is part of the token: nothing is expanded any more. */
function badSubstitution(text: string, offset: number): {length: number; payload: BadPayload} | undefined {
  if (!text.startsWith('${', offset)) return undefined;
  const bad = (message: string, end: number) => ({length: text.length - offset, payload: {message, end}});
  const first = text[offset + 2];
  if (first === undefined) return bad("syntax error: missing '}'", text.length);
  if (first === '{' || first === '}' || first === ':')
    return bad('syntax error: bad substitution', offset + 2);
  const at = offset + (exec(badAt, text, offset)?.[0].length ?? 2);
  const next = text.slice(at, at + Math.max(1, characterLength(text, at)));
  if (next === ':' && (text[at + 1] === '#' || text[at + 1] === '%')) {
    return bad(`unsupported modifier (:${text[at + 1]}) in substitution`, at + 2);
  }
  if (next === ':' && at + 1 === text.length) return bad("syntax error: missing '}'", text.length);
  if (next !== '' && '}:+-?#%/'.includes(next)) return undefined;
  return bad(`unsupported modifier (${next === '' ? '\ufffd' : next}) in substitution`, at + next.length);
}

function characterLength(text: string, offset: number): number {
  const point = text.codePointAt(offset);
  return point === undefined ? 0 : point > 0xffff ? 2 : 1;
}
