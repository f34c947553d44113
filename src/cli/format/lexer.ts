// A template as literal text and actions, and an action as tokens (text/template of Go: delimiters {{ and }}, trim
// markers "{{- " and " -}}", comments).

import type {Place, TemplateText} from './problem.ts';

export type Token = Place &
  (
    | {readonly kind: 'field' | 'variable' | 'word' | 'mark'; readonly text: string}
    | {readonly kind: 'text'; readonly value: string}
    | {readonly kind: 'number'; readonly value: number}
  );

export type Piece =
  | {readonly kind: 'literal'; readonly text: string}
  | (Place & {readonly kind: 'action'; readonly tokens: readonly Token[]});

/** Cuts the template; an unclosed action is refused. */
export function piecesOf(template: TemplateText): readonly Piece[] {
  const {text} = template;
  const pieces: Piece[] = [];
  let trimNext = false;
  const addLiteral = (from: number, to: number, trimEnd: boolean): void => {
    let literal = text.slice(from, to);
    if (trimNext) literal = literal.trimStart();
    if (trimEnd) literal = literal.trimEnd();
    if (literal !== '') pieces.push({kind: 'literal', text: literal});
  };
  let at = 0;
  for (;;) {
    const open = text.indexOf('{{', at);
    if (open < 0) break;
    const trimsBefore = /^-\s/.test(text.slice(open + 2, open + 4));
    addLiteral(at, open, trimsBefore);
    const begin = open + (trimsBefore ? 3 : 2);
    const comment = /^\s*\/\*[\s\S]*?\*\/\s*(-?)\}\}/.exec(text.slice(begin));
    if (comment !== null) {
      at = begin + comment[0].length;
      trimNext = comment[1] === '-';
      continue;
    }
    const {tokens, end, trimsAfter} = readAction(template, open, begin);
    pieces.push({kind: 'action', tokens, start: open, end});
    at = end;
    trimNext = trimsAfter;
  }
  addLiteral(at, text.length, false);
  return pieces;
}

const patterns: readonly (readonly [kind: Token['kind'] | 'blank' | 'character', pattern: RegExp])[] = [
  ['blank', /\s+/y],
  ['field', /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ['variable', /\$[\p{L}\p{N}_]*/uy],
  ['number', /[+-]?\d+(?:\.\d+)?/y],
  ['character', /'(?:[^'\\\n]|\\.)'/uy],
  ['text', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['mark', /:=|[|(),.=]/y],
];

function readAction(
  template: TemplateText,
  open: number,
  begin: number,
): {tokens: Token[]; end: number; trimsAfter: boolean} {
  const {text} = template;
  const tokens: Token[] = [];
  let at = begin;
  while (at < text.length) {
    const close = /^(\s-)?\}\}/.exec(text.slice(at, at + 4));
    if (close !== null) return {tokens, end: at + close[0].length, trimsAfter: close[1] !== undefined};
    const token = tokenAt(template, at);
    if (token === undefined) {
      const place = {start: at, end: at + 1};
      throw template.problem(`${JSON.stringify(text[at])} is not understood in a template`, place);
    }
    if (token.kind !== 'blank') tokens.push(token);
    at = token.end;
  }
  throw template.problem('this "{{" has no "}}"', {start: open, end: open + 2});
}

function tokenAt(
  template: TemplateText,
  start: number,
): Token | (Place & {readonly kind: 'blank'}) | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = start;
    const text = pattern.exec(template.text)?.[0];
    if (text === undefined) continue;
    // " -}}" ends the action and is no blank.
    if (kind === 'blank' && text.length > 1 && template.text.startsWith('-}}', start + text.length)) {
      return {kind, start, end: start + text.length - 1};
    }
    const place = {start, end: start + text.length};
    switch (kind) {
      case 'blank':
        return {kind, ...place};
      case 'number':
        return {kind, value: Number(text), ...place};
      // A number, as in Go.
      case 'character':
        return {
          kind: 'number',
          value: unquoted(template, text, place).codePointAt(0) ?? 0,
          ...place,
        };
      case 'text':
        return {kind, value: unquoted(template, text, place), ...place};
      default:
        return {kind, text, ...place};
    }
  }
  return undefined;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

function unquoted(template: TemplateText, text: string, place: Place): string {
  const inner = text.slice(1, -1);
  if (text.startsWith('`')) return inner;
  return inner.replace(/\\(.)/gs, (whole, letter: string) => {
    const meant = escapes[letter];
    if (meant === undefined) throw template.problem(`the escape ${whole} is not supported here`, place);
    return meant;
  });
}
