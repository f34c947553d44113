// Expansion of variables in a word, with the rules of docker's builder: a subset of the POSIX shell with a few habits
// of its own. Everything is evaluated from left to right, also words that are then not used (`${x:-${y?no}}` fails when
// y is unset, whatever x is), and the first failure ends it.

import type {WordPart} from '../../grammar/variables.ts';
import {replaceAll, replaceFirst, trimPrefix, trimSuffix} from './shell-pattern.ts';
import {wordPartsOf} from './word-grammar.ts';
import {WordSplitter} from './word-splitter.ts';

export interface ExpandOptions {
  /** Escape character of the file. */
  readonly escape: '\\' | '`';
  /** Quotes stay in the result (they still quote). */
  readonly rawQuotes?: boolean;
  /** Escape characters stay in the result (they still escape). */
  readonly rawEscapes?: boolean;
  /** Unset variables stay as they are written. */
  readonly skipUnset?: boolean;
  /** Quotes are ordinary characters: for bodies of COPY heredocs. */
  readonly skipQuotes?: boolean;
}

/** Values by name; a Map will do. */
export interface Environment {
  get(name: string): string | undefined;
}

export interface Expanded<T> {
  readonly result: T;
  /** Variables that were set, each once, in order of first use. */
  readonly matched: readonly string[];
  /** Variables that were not. */
  readonly unmatched: readonly string[];
}

export interface ExpansionError {
  readonly error: string;
}

/** Characters that a word may have, since `ENV a=$a$a` doubles with each line. Linux takes no variable of 128 KiB. */
const wordLengthMax = 262_144;
const heredocLengthMax = 16_777_216;
/** Characters of a word that a message shows. */
const shownLengthMax = 1000;

/** Expands `word` to one string. */
export function expandWord(
  word: string,
  env: Environment,
  options: ExpandOptions,
): Expanded<string> | ExpansionError {
  if (!isSpecial(word, options)) return {result: word, matched: [], unmatched: []};
  return expand(word, env, options);
}

/** Expands `word`, then splits it at blanks that came from outside quotes and escapes. */
export function expandWords(
  word: string,
  env: Environment,
  options: ExpandOptions,
): Expanded<readonly string[]> | ExpansionError {
  const splitter = new WordSplitter();
  const outcome = expand(word, env, options, splitter);
  return 'error' in outcome ? outcome : {...outcome, result: splitter.finish()};
}

/** Expands the body of a COPY or ADD heredoc; the escape character of these is always a backslash. */
export function expandHeredoc(body: string, env: Environment): Expanded<string> | ExpansionError {
  return expandWord(body, env, {escape: '\\', skipQuotes: true});
}

function isSpecial(word: string, options: ExpandOptions): boolean {
  if (word.includes('$') || word.includes(options.escape)) return true;
  return options.skipQuotes !== true && (word.includes('"') || word.includes("'"));
}

function expand(
  word: string,
  env: Environment,
  options: ExpandOptions,
  splitter?: WordSplitter,
): Expanded<string> | ExpansionError {
  const parts = partsOf(word, options);
  const evaluation = new Evaluation(word.length, env, options);
  try {
    const result = evaluation.outer(parts, splitter);
    return {result, matched: [...evaluation.matched], unmatched: [...evaluation.unmatched]};
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const shown = word.length > shownLengthMax ? `${word.slice(0, shownLengthMax)}…` : word;
    return {error: `failed to process ${JSON.stringify(shown)}: ${error.message}`};
  }
}

function partsOf(word: string, options: ExpandOptions): readonly WordPart[] {
  if (!isSpecial(word, options)) return word === '' ? [] : [{kind: 'text', text: word}];
  return wordPartsOf(word, {escape: options.escape, skipQuotes: options.skipQuotes ?? false});
}

/** Ends an evaluation; `end` is how far docker's scanner has read, which decides what it says at the end of a word. */
class Failure extends Error {
  readonly end: number;

  constructor(message: string, end: number) {
    super(message);
    this.end = end;
  }
}

class Evaluation {
  readonly matched = new Set<string>();
  readonly unmatched = new Set<string>();
  readonly #length: number;
  readonly #env: Environment;
  readonly #options: ExpandOptions;

  constructor(length: number, env: Environment, options: ExpandOptions) {
    this.#length = length;
    this.#env = env;
    this.#options = options;
  }

  outer(parts: readonly WordPart[], splitter: WordSplitter | undefined): string {
    let text = '';
    for (const part of parts) {
      const value = this.#part(part, this.#options.rawEscapes ?? false);
      if (part.kind === 'single' || part.kind === 'double' || part.kind === 'escaped')
        splitter?.addQuoted(value);
      else if (part.kind === 'text') splitter?.addText(value);
      else splitter?.addValue(value);
      text += value;
      this.#checkLength(text);
    }
    return text;
  }

  #inner(parts: readonly WordPart[], rawEscapes: boolean): string {
    let text = '';
    for (const part of parts) {
      text += this.#part(part, rawEscapes);
      this.#checkLength(text);
    }
    return text;
  }

  #checkLength(text: string): void {
    if (text.length <= wordLengthMax) return;
    const limit = this.#options.skipQuotes === true ? heredocLengthMax : wordLengthMax;
    if (text.length > limit) throw new Failure(`the result is longer than ${limit} characters`, 0);
  }

  #part(part: WordPart, rawEscapes: boolean): string {
    switch (part.kind) {
      case 'text':
        return part.text;
      case 'escaped':
        if (part.doubled) return rawEscapes ? part.escape + part.escape : part.escape;
        return rawEscapes ? part.escape + part.text : part.text;
      case 'single':
        if (!part.closed) throw this.#unterminated('single-quote');
        return this.#options.rawQuotes === true ? `'${part.text}'` : part.text;
      case 'double': {
        const text = this.#inner(part.parts, rawEscapes);
        if (!part.closed) throw this.#unterminated('double-quote');
        return this.#options.rawQuotes === true ? `"${text}"` : text;
      }
      case 'variable': {
        const value = this.#lookUp(part.name);
        if (value === undefined && this.#options.skipUnset === true) {
          return part.braced ? `\${${part.name}}` : `$${part.name}`;
        }
        return value ?? '';
      }
      case 'operation':
        return this.#operation(part);
      case 'replacement':
        return this.#replacement(part);
      case 'bad':
        throw new Failure(part.message, part.end);
    }
  }

  #operation(part: Extract<WordPart, {kind: 'operation'}>): string {
    const {name, operator} = part;
    const kind = operator.slice(-1);
    const pattern = kind === '#' || kind === '%';
    const word = this.#bounded(part.word, pattern, part.closed, "syntax error: missing '}'");
    const value = this.#lookUp(name);
    if (value === undefined && this.#options.skipUnset === true) return `\${${name}${operator}${word}}`;
    const absent = value === undefined || (operator.startsWith(':') && value === '');
    switch (kind) {
      case '-':
        return absent ? word : (value ?? '');
      case '+':
        return absent ? '' : word;
      case '?': {
        if (!absent) return value ?? '';
        const reason = value === undefined ? 'is not allowed to be unset' : 'is not allowed to be empty';
        throw new Failure(`${name}: ${word === '' ? reason : word}`, part.end);
      }
      case '#':
      case '%': {
        const greedy = word.startsWith(kind);
        const trim = kind === '#' ? trimPrefix : trimSuffix;
        return this.#outcome(trim(value ?? '', greedy ? word.slice(1) : word, greedy), part.end);
      }
      default:
        throw new Failure(`unsupported modifier (${operator}) in substitution`, part.end);
    }
  }

  #replacement(part: Extract<WordPart, {kind: 'replacement'}>): string {
    const pattern = this.#bounded(part.pattern, true, part.patternClosed, "syntax error: missing '/' in ${}");
    const replacement = this.#bounded(part.replacement, true, part.closed, "syntax error: missing '}'");
    const value = this.#lookUp(part.name);
    if (value === undefined && this.#options.skipUnset === true) {
      return `\${${part.name}/${pattern}/${replacement}}`;
    }
    const replace = part.all ? replaceAll : replaceFirst;
    return this.#outcome(replace(value ?? '', pattern, replacement), part.end);
  }

  /** A word that must end before the text does; whatever fails at the very end is a missing end. */
  #bounded(parts: readonly WordPart[], rawEscapes: boolean, closed: boolean, missing: string): string {
    let text: string;
    try {
      text = this.#inner(parts, rawEscapes);
    } catch (error) {
      if (error instanceof Failure && error.end >= this.#length) throw new Failure(missing, this.#length);
      throw error;
    }
    if (!closed) throw new Failure(missing, this.#length);
    return text;
  }

  #outcome(outcome: {readonly result: string} | {readonly error: string}, end: number): string {
    if ('error' in outcome) throw new Failure(outcome.error, end);
    return outcome.result;
  }

  #unterminated(quote: string): Failure {
    return new Failure(`unexpected end of statement while looking for matching ${quote}`, this.#length);
  }

  #lookUp(name: string): string | undefined {
    const value = this.#env.get(name);
    (value === undefined ? this.unmatched : this.matched).add(name);
    return value;
  }
}
