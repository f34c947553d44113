// The parts of a word, without loading the grammar when that can be helped: parts are remembered by the word, and a
// caller that remembers them between runs (src/build/frontend.ts) needs neither the grammar nor its library, which
// cost more time than all other work of a cached build. Parsing is synchronous and loading is not: who meets an
// unknown word before the grammar is loaded gets WordGrammarMissing, loads it and starts again.

import type {VariableGrammar, WordPart} from '../../grammar/variables.ts';

export interface WordMode {
  readonly escape: '\\' | '`';
  /** Quotes are ordinary characters. */
  readonly skipQuotes: boolean;
}

/** A word that is not known, and no grammar to read it with: call `loadWordGrammar`. */
export class WordGrammarMissing extends Error {
  override readonly name = 'WordGrammarMissing';
}

/** Words by mode and text. JSON-shaped. */
export type KnownWords = readonly (readonly [key: string, parts: readonly WordPart[]])[];

const known = new Map<string, readonly WordPart[]>();
const knownMax = 100_000;
/** What is longer is seldom met twice, and takes more time to keep than to parse. */
const rememberedPartsMax = 1000;
let grammar: VariableGrammar | undefined;
let create: (() => VariableGrammar) | undefined;

/** The parts of `word`. Throws WordGrammarMissing. */
export function wordPartsOf(word: string, mode: WordMode): readonly WordPart[] {
  const key = `${mode.escape}${mode.skipQuotes ? 'q' : ''} ${word}`;
  const parts = known.get(key);
  if (parts !== undefined) return parts;
  grammar ??= create?.();
  if (grammar === undefined) throw new WordGrammarMissing(`the word ${JSON.stringify(word)} is new`);
  const parsed = grammar.parse(word, mode);
  if (known.size < knownMax && parsed.length <= rememberedPartsMax) known.set(key, parsed);
  return parsed;
}

export async function loadWordGrammar(): Promise<void> {
  const {VariableGrammar: Grammar} = await import('../../grammar/variables.ts');
  useWordGrammar(() => new Grammar());
}

/** Says how to make the grammar, for those who have it loaded. */
export function useWordGrammar(make: () => VariableGrammar): void {
  create ??= make;
}

export function learnWords(words: KnownWords): void {
  for (const [key, parts] of words) known.set(key, parts);
}

/** All words met so far. */
export function knownWords(): KnownWords {
  return [...known];
}
