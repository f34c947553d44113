// Words with variables, as instructions use them. The language of words is src/dockerfile/expansion.ts; here a
// problem in a word becomes a mistake of the instruction, with BuildKit's text.

import type {Dockerfile} from '../dockerfile/ast.ts';
import * as expansion from '../dockerfile/expansion.ts';
import {PlanProblem} from './plan-problem.ts';

export type Escape = Dockerfile['escape'];

/** One word, quotes taken off. */
export function expandWord(word: string, variables: expansion.Environment, escapeCharacter: Escape): string {
  return expansionOf(word, variables, escapeCharacter).result;
}

/** The same, with the names that were met. */
export function expansionOf(
  word: string,
  variables: expansion.Environment,
  escapeCharacter: Escape,
): expansion.Expanded<string> {
  return checked(word, expansion.expandWord(word, variables, {escape: escapeCharacter}));
}

/** Words after expansion: a variable with blanks gives several. */
export function expandWords(
  word: string,
  variables: expansion.Environment,
  escapeCharacter: Escape,
): readonly string[] {
  return checked(word, expansion.expandWords(word, variables, {escape: escapeCharacter})).result;
}

/** The body of a COPY heredoc: quotes are text. */
export function expandHeredoc(body: string, variables: expansion.Environment): expansion.Expanded<string> {
  return checked('', expansion.expandHeredoc(body, variables));
}

/**
 * An instruction for people to read: what cannot be expanded stays as it is. In a `command`, quotes and the variables
 * that only its shell knows are kept.
 */
export function expandForDisplay(
  text: string,
  variables: expansion.Environment,
  escapeCharacter: Escape,
  kind: 'words' | 'command',
): string {
  const raw = kind === 'command' ? {rawQuotes: true, skipUnset: true} : {};
  const expanded = expansion.expandWord(text, variables, {escape: escapeCharacter, ...raw});
  return 'error' in expanded ? text : expanded.result;
}

function checked<T>(
  word: string,
  expanded: expansion.Expanded<T> | expansion.ExpansionError,
): expansion.Expanded<T> {
  if (!('error' in expanded)) return expanded;
  throw new PlanProblem('plan-expansion', expanded.error, hintsFor(expanded.error, word), word);
}

function hintsFor(error: string, word: string): readonly string[] {
  if (error.endsWith('double-quote')) return ['close the double quote'];
  if (error.endsWith('single-quote')) return ["close the single quote, or write \\' for an apostrophe"];
  if (/missing '\}'|modifier \(\ufffd\)/.test(error)) return ['close the brace of ${…}'];
  if (error.includes('unsupported modifier')) {
    return ['known are ${x:-word}, ${x:+word}, ${x:?message}, ${x#pattern}, ${x%pattern}, ${x/pattern/text}'];
  }
  return error.includes('bad substitution') && word.includes('${{')
    ? ['${{ }} belongs to another tool, which has not filled it in']
    : [];
}
