// The ignore file of a context: `<Dockerfile>.dockerignore` beside the Dockerfile, else `.dockerignore` in the
// context; never both (BuildKit, dockerui).

import {basename, join} from 'node:path';
import {type BuildError, buildError} from '../../diagnostics/build-error.ts';
import {type SourceFile, sourceFile} from '../../diagnostics/source-file.ts';
import type {OnLook} from '../../store/blob-store.ts';
import {readSmallFile} from '../../store/small-file.ts';
import {IgnoreFileError, type IgnoreLine, readIgnoreLines} from '../../tree/ignore-file.ts';
import {PatternError, PatternMatcher} from '../../tree/pattern-matcher.ts';

export interface IgnoreRules {
  /** Undefined: nothing is ignored. */
  readonly matcher: PatternMatcher | undefined;
  /** What the user is told when a rule cannot be evaluated. */
  explain(error: PatternError): BuildError;
}

/**
 * Throws BuildError('user') for a file that cannot be read and for a malformed pattern. `onLook` is told which files
 * decided, by being there or not.
 */
export async function readIgnoreRules(
  directory: string,
  dockerfile: string | undefined,
  onLook: OnLook = () => {},
): Promise<IgnoreRules> {
  const candidates = [
    ...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]),
    join(directory, '.dockerignore'),
  ];
  for (const path of candidates) {
    const text = await textOf(path);
    onLook(path, text !== undefined);
    if (text !== undefined) return rulesOf(sourceFile(basename(path), text));
  }
  return rulesOf(sourceFile('.dockerignore', ''));
}

function rulesOf(file: SourceFile): IgnoreRules {
  const lines = linesOf(file);
  const explain = (error: PatternError) => badPattern(file, lines, error);
  if (lines.length === 0) return {matcher: undefined, explain};
  try {
    return {matcher: new PatternMatcher(lines.map(({pattern}) => pattern)), explain};
  } catch (error) {
    throw error instanceof PatternError ? explain(error) : error;
  }
}

function linesOf(file: SourceFile): IgnoreLine[] {
  try {
    return readIgnoreLines(file.text);
  } catch (error) {
    if (!(error instanceof IgnoreFileError)) throw error;
    throw buildError('user', 'ignore-file-long-line', `error reading ${file.path}: ${error.message}`, {
      hints: [error.hint],
    });
  }
}

function badPattern(file: SourceFile, lines: readonly IgnoreLine[], error: PatternError): BuildError {
  const place = lines.find(({pattern}) => pattern === error.pattern || pattern === `!${error.pattern}`);
  const message = error.message.includes(error.pattern)
    ? error.message
    : `${error.message}: ${JSON.stringify(error.pattern)}`;
  if (place === undefined) return buildError('user', 'ignore-file-bad-pattern', message);
  const {line} = place;
  const endColumn = file.line(line)?.length ?? 0;
  return buildError('user', 'ignore-file-bad-pattern', message, {
    file,
    span: {line, column: 0, endLine: line, endColumn},
    hints: [
      error.pattern === '!'
        ? 'a ! must be followed by the pattern that it takes back'
        : 'a [ opens a class of characters that needs its ], a literal one is written [[]',
    ],
  });
}

/** Undefined: there is no such file. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return (await readSmallFile(path)).toString();
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    // A directory of that name is an ordinary part of the context.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw buildError('user', 'ignore-file-unreadable', `cannot read ${path}: ${code ?? String(error)}`, {
      hints: ['it decides what the build context is, so it cannot be skipped'],
      cause: error,
    });
  }
}
