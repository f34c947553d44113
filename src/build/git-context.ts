// Contexts that are git repositories, in the forms that docker takes: `https://host/repo.git#ref:directory`,
// `git@host:repo`, the query form, and `github.com/user/repo` without a scheme.

import {buildError} from '../diagnostics/build-error.ts';
import type {GitSource} from '../graph/op.ts';
import {parseGitReference} from '../plan/git-reference.ts';
import {PlanProblem} from '../plan/plan-problem.ts';

/** Undefined when `text` is no repository. Throws BuildError when it is one with a query that makes no sense. */
export function gitSourceOf(text: string, keepGitDirectory = false): GitSource | undefined {
  const isShort = text.startsWith('github.com/');
  try {
    const found = parseGitReference(isShort ? `https://${text}` : text, isShort);
    if (found === undefined) return undefined;
    const {remote, ref, subdirectory, checksum, submodules} = found;
    return {
      type: 'git',
      remote,
      ...(ref === undefined ? {} : {ref}),
      ...(subdirectory === undefined ? {} : {subdirectory}),
      ...(checksum === undefined ? {} : {checksum}),
      ...(submodules === false ? {skipSubmodules: true} : {}),
      keepGitDirectory: found.keepGitDirectory ?? keepGitDirectory,
    };
  } catch (error) {
    if (!(error instanceof PlanProblem)) throw error;
    throw buildError('usage', 'usage-context', `${text}: ${error.message}`, {
      hints: error.hints,
      cause: error,
    });
  }
}
