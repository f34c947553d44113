// CopyIgnoredFile: COPY of a path that .dockerignore keeps out fails with "not found" although the file is there.
// With a `!` pattern in the file nothing is said: what it takes back below an ignored directory only the files can
// tell.

import type {CopyInstruction} from '../../../dockerfile/ast.ts';
import {isHttpSource, parseGitReference} from '../../../plan/git-reference.ts';
import {quoted} from '../../../plan/go-format.ts';
import {clean} from '../../../util/go-path.ts';
import type {IgnoredPaths, LintRule} from '../../rule.ts';

const everything: ReadonlySet<string> = new Set(['*', '**', '**/*']);

export const copyIgnoredFile: LintRule = {
  name: 'CopyIgnoredFile',
  description: 'Attempting to Copy file that is excluded by .dockerignore',
  url: 'https://docs.docker.com/go/dockerfile/rule/copy-ignored-file/',
  start: ({build, report}) => ({
    onInstruction({instruction, span, stage}) {
      const {ignored} = build;
      if (ignored === undefined || ignored.hasExclusions) return;
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
  if (path === '.' || path === '/') return ignored.patterns.some(({text}) => everything.has(text));
  return ignored.matchesOrParentMatches(path.replace(/^\//, ''));
}
