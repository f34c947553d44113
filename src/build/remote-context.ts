// Contexts behind an address: git repositories, in the forms that docker takes (`https://host/repo.git#ref:directory`,
// `git@host:repo`, the query form, and `github.com/user/repo` without a scheme), and files.

import {buildError} from '../diagnostics/build-error.ts';
import type {GitSource, HttpSource} from '../graph/op.ts';
import {gitSourceOf, parseGitReference} from '../plan/git-reference.ts';
import {PlanProblem} from '../plan/plan-problem.ts';
import {withoutCredentials} from '../util/url-credentials.ts';

/** Undefined when `text` is no repository. Throws BuildError when it is one with a query that makes no sense. */
export function gitContextOf(text: string, keepGitDirectory = false): GitSource | undefined {
  const isShort = text.startsWith('github.com/');
  try {
    const found = parseGitReference(isShort ? `https://${text}` : text, isShort);
    return found === undefined ? undefined : gitSourceOf(found, keepGitDirectory);
  } catch (error) {
    if (!(error instanceof PlanProblem)) throw error;
    throw buildError('usage', 'usage-context', `${withoutCredentials(text)}: ${error.message}`, {
      hints: error.hints,
      cause: error,
    });
  }
}

/** A download, archive or not, is one file with this name. */
export function fileContextOf(url: string): HttpSource {
  return {type: 'http', url, filename: 'context'};
}
