// Scanners for the words of a logical line: where one ends and what it says. Flags lose their quotes and escapes,
// quoted words (of ENV, LABEL and ARG) keep them for the expansion of variables later. Used by the tokens.

import {isBlank} from './blanks.ts';

export interface ScannedWord {
  /** Offset behind the word. */
  readonly end: number;
  readonly text: string;
}

/**
 * A flag at `start`: quotes and escapes are honoured and removed. The escape directive has no say here, a backslash
 * escapes in every file.
 */
export function scanFlag(line: string, start: number): ScannedWord {
  let text = '';
  let quote = '';
  let at = start;
  for (; at < line.length; at++) {
    let character = line.charAt(at);
    if (quote === '' && isBlank(character)) break;
    if (character === quote) {
      quote = '';
      continue;
    }
    if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      continue;
    }
    if (character === '\\') {
      at++;
      character = line.charAt(at);
      if (character === '') break;
    }
    text += character;
  }
  return {end: Math.min(at, line.length), text};
}

/** A word at `start` in which quotes and escapes hold it together; they stay in the text. */
export function scanQuotedWord(line: string, start: number, escapeCharacter: string): ScannedWord {
  let quote = '';
  let at = start;
  for (; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote === '' && isBlank(character)) break;
    if (character === quote) quote = '';
    // Nothing is escaped between single quotes.
    else if (character === escapeCharacter && quote !== "'") {
      // An escape character at the very end escapes nothing and is dropped.
      if (at + 1 === line.length) return {end: line.length, text: line.slice(start, at)};
      at++;
    } else if (quote === '' && (character === '"' || character === "'")) quote = character;
  }
  return {end: at, text: line.slice(start, at)};
}

/** True when `text` is a JSON array: what makes an exec form. Its elements are looked at by the grammar. */
export function isJsonArray(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}
