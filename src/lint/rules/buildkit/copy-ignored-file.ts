// CopyIgnoredFile: COPY of a path that .dockerignore keeps out fails with "not found" although the file is there.
// Nothing is said where a `!` pattern may take back the path or something below it, which only the files can tell; one
// that is about other paths, or is overruled by a pattern after it, changes nothing.

import type {CopyInstruction} from '../../../dockerfile/ast.ts';
import {isHttpSource, parseGitReference} from '../../../plan/git-reference.ts';
import {quoted} from '../../../plan/go-format.ts';
import {BadPatternError, clean, match} from '../../../util/go-path.ts';
import type {IgnoredPaths, LintRule} from '../../rule.ts';

const everything: ReadonlySet<string> = new Set(['*', '**', '**/*']);

export const copyIgnoredFile: LintRule = {
  name: 'CopyIgnoredFile',
  description: 'Attempting to Copy file that is excluded by .dockerignore',
  url: 'https://docs.docker.com/go/dockerfile/rule/copy-ignored-file/',
  start: ({build, report}) => ({
    onInstruction({instruction, span, stage}) {
      const {ignored} = build;
      if (ignored === undefined) return;
      if (instruction.keyword !== 'COPY' && instruction.keyword !== 'ADD') return;
      if (instruction.from !== undefined) return;
      const verb = instruction.keyword === 'ADD' ? 'Add' : 'Copy';
      for (const word of instruction.sources) {
        const source = stage.peek(word);
        if (source === undefined || isRemote(source, instruction)) continue;
        const path = clean(source);
        if (!isIgnored(path, ignored)) continue;
        const {comments} = instruction;
        report(
          {span, comments},
          `Attempting to ${verb} file ${quoted(path)} that is excluded by .dockerignore`,
        );
      }
    },
  }),
};

function isRemote(source: string, {keepGitDir}: CopyInstruction): boolean {
  const isKnownGit = keepGitDir !== undefined;
  return isHttpSource(source, isKnownGit) || parseGitReference(source, isKnownGit) !== undefined;
}

function isIgnored(path: string, ignored: IgnoredPaths): boolean {
  // The root is there however much of it is ignored, unless everything is.
  const isRoot = path === '.' || path === '/';
  const relative = isRoot ? '' : path.replace(/^\//, '');
  const isOut = isRoot
    ? ignored.patterns.some(({text, exclusion}) => !exclusion && everything.has(text))
    : ignored.matchesOrParentMatches(relative);
  return isOut && !ignored.patterns.some((pattern) => mayTakeBack(pattern, relative, ignored));
}

function mayTakeBack(
  {text, exclusion}: IgnoredPaths['patterns'][number],
  path: string,
  ignored: IgnoredPaths,
): boolean {
  return exclusion && mayMeet(text, path) && !ignored.matchesOrParentMatches(literalOf(text));
}

/** Whether `pattern` can match the path, or something below it. */
function mayMeet(pattern: string, path: string): boolean {
  const wanted = path === '' ? [] : path.split('/');
  const parts = pattern.split('/');
  for (const [index, name] of wanted.entries()) {
    const part = parts[index];
    // The pattern is about a directory above, of which the matcher has said all there is to say.
    if (part === undefined) return isGlob(path);
    if (part === '**') return true;
    if (!isGlob(part) && !isGlob(name) && literalOf(part) !== name) return false;
    if (isGlob(part) && !isGlob(name) && !globMatches(part, name)) return false;
  }
  return true;
}

/** One part of a pattern may be none by itself, as in `[a/b]`. */
function globMatches(part: string, name: string): boolean {
  try {
    return match(part, name);
  } catch (error) {
    if (error instanceof BadPatternError) return true;
    throw error;
  }
}

function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

function literalOf(pattern: string): string {
  return pattern.replace(/\\(.)/g, '$1');
}
