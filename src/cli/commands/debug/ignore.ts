// `tsbuild debug ignore`: what .dockerignore rules make of paths, one JSON object per line in and out. For
// comparing with other implementations: {patterns, files} asks the matcher, {ignore, files} filters a tree as the
// context is filtered.

import {IgnoreFileError, readIgnoreFile} from '../../../tree/ignore-file.ts';
import {isExcluded, PatternError, PatternMatcher} from '../../../tree/pattern-matcher.ts';
import {treeOrder} from '../../../tree/tree-order.ts';
import {keptEntries, type WalkEntry} from '../../../tree/walk-filter.ts';
import {type CliIo, readAll} from '../../io.ts';

const directoryMode = 0o040755;
const fileMode = 0o100644;

interface Question {
  readonly patterns?: readonly string[];
  readonly ignore?: string;
  readonly files: readonly string[];
}

type Answer =
  | {readonly patterns: readonly string[]; readonly excluded: Readonly<Record<string, boolean>>}
  | {readonly patterns: readonly string[]; readonly kept: readonly string[]}
  | {readonly error: string};

/** Exit code 0; 2 when a line is no question. */
export async function runDebugIgnore(argv: readonly string[], io: CliIo): Promise<number> {
  if (argv.length > 0) {
    io.stderr.write(`debug ignore takes no arguments, got ${argv.join(' ')}\n`);
    return 2;
  }
  const lines = (await readAll(io.stdin)).toString('utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const question = questionOf(line);
    if (question === undefined) {
      io.stderr.write(`line ${index + 1} is no object with "files" and "patterns" or "ignore"\n`);
      return 2;
    }
    io.stdout.write(`${JSON.stringify(answer(question))}\n`);
  }
  return 0;
}

function questionOf(line: string): Question | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const {patterns, ignore, files} = value as Record<string, unknown>;
  if (!isTexts(files)) return undefined;
  if (isTexts(patterns)) return {patterns, files};
  return typeof ignore === 'string' ? {ignore, files} : undefined;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function answer({patterns, ignore, files}: Question): Answer {
  try {
    const rules = patterns ?? readIgnoreFile(ignore ?? '');
    const matcher = new PatternMatcher(rules);
    if (ignore !== undefined) return {patterns: rules, kept: keptOf(matcher, files)};
    const excluded = Object.fromEntries(files.map((file) => [file, isExcluded(matcher, file)]));
    return {patterns: rules, excluded};
  } catch (error) {
    if (error instanceof PatternError || error instanceof IgnoreFileError) return {error: error.message};
    throw error;
  }
}

/** The tree that the files are in, filtered; directories end in a slash. */
function keptOf(matcher: PatternMatcher, files: readonly string[]): string[] {
  const modes = new Map<string, number>();
  for (const file of files) {
    const isDirectory = file.endsWith('/');
    const path = isDirectory ? file.slice(0, -1) : file;
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      modes.set(path.slice(0, at), directoryMode);
    }
    if (isDirectory || !modes.has(path)) modes.set(path, isDirectory ? directoryMode : fileMode);
  }
  const entries: WalkEntry[] = [...modes].map(([path, mode]) => ({path, mode}));
  entries.sort((a, b) => treeOrder(a.path, b.path));
  const kept = keptEntries(entries, {base: '.', include: undefined, exclude: matcher});
  return kept.map(({path, mode}) => (mode === directoryMode ? `${path}/` : path));
}
