// Dockerfile text → typed instructions, remembered by the digest of the text: a build whose Dockerfile was seen before
// loads neither the grammar nor its library.

import {BuildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Dockerfile} from '../dockerfile/ast.ts';
import {
  type KnownWords,
  knownWords,
  learnWords,
  loadWordGrammar,
  WordGrammarMissing,
} from '../dockerfile/word-grammar.ts';
import {digestOf} from '../oci/digest.ts';
import type {Notes} from '../store/notes.ts';
import {assert} from '../util/assert.ts';
import {withoutCredentials} from '../util/url-credentials.ts';

/** Raised whenever the shape of the AST or of words, or what the parser accepts, changes. */
const astVersion = 3;

/** Characters of a record: a longer one takes more time to write than the file takes to parse. */
const recordLengthMax = 1_000_000;

interface Remembered {
  readonly dockerfile: Omit<Dockerfile, 'file'>;
  readonly warnings: readonly Omit<Diagnostic, 'file'>[];
}

export interface ParsedDockerfile {
  readonly dockerfile: Dockerfile;
  readonly warnings: readonly Diagnostic[];
}

/** Throws BuildError('user') with every mistake of the file. */
export async function parseRemembered(file: SourceFile, notes: Notes): Promise<ParsedDockerfile> {
  const known = notes.getText('parse', keyOf(file));
  if (known !== undefined) {
    const {dockerfile, warnings} = JSON.parse(known) as Remembered;
    return {dockerfile: {...dockerfile, file}, warnings: warnings.map((warning) => ({...warning, file}))};
  }
  const {parseWithReaders} = await import('../instructions/readers.ts');
  const {dockerfile, diagnostics} = parseWithReaders(file);
  const [first, ...rest] = diagnostics.filter(({severity}) => severity === 'error');
  if (first !== undefined) throw new BuildError('user', [first, ...rest]);
  assert(dockerfile !== undefined, 'a file without errors was read');
  const {file: _, ...plain} = dockerfile;
  const warnings = diagnostics.map(({file: __, ...warning}) => warning);
  remember(notes, keyOf(file), () => ({dockerfile: plain, warnings}) satisfies Remembered, file);
  return {dockerfile, warnings: diagnostics};
}

/** Runs `plan` with the words that an earlier build of this file met, and remembers the new ones. */
export async function planningRemembered<T>(
  file: SourceFile,
  notes: Notes,
  plan: () => Promise<T>,
): Promise<T> {
  const key = `words ${keyOf(file)}`;
  const text = notes.getText('parse', key);
  if (text !== undefined) learnWords(JSON.parse(text) as KnownWords);
  const before = knownWords().length;
  const planned = await plan().catch(async (error: unknown) => {
    if (!(error instanceof WordGrammarMissing)) throw error;
    await loadWordGrammar();
    return plan();
  });
  const words = knownWords();
  if (words.length > before || text === undefined) remember(notes, key, () => words, file);
  return planned;
}

/** What is said in confidence stays in the file. */
function holdsCredentials({text}: SourceFile): boolean {
  return withoutCredentials(text) !== text;
}

function remember(notes: Notes, key: string, record: () => unknown, file: SourceFile): void {
  if (file.text.length > recordLengthMax || holdsCredentials(file)) return;
  const json = JSON.stringify(record());
  if (json.length <= recordLengthMax) notes.set('parse', key, json);
}

function keyOf(file: SourceFile): string {
  return `${astVersion} ${digestOf(file.text)}`;
}
