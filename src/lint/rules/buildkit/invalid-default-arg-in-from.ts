// InvalidDefaultArgInFrom: a file should build without --build-arg. FROM is tried with the defaults alone.

import {isReferenceProblem, parseReference} from '../../../oci/reference.ts';
import {addGlobalArguments, predefinedArguments} from '../../../plan/build-args.ts';
import type {Environment} from '../../../plan/environment.ts';
import {type Escape, expandWord} from '../../../plan/expand.ts';
import {PlanProblem, ProblemList} from '../../../plan/plan-problem.ts';
import type {LintedBuild, LintRule} from '../../rule.ts';

export const invalidDefaultArgInFrom: LintRule = {
  name: 'InvalidDefaultArgInFrom',
  description: 'Default value for global ARG results in an empty or invalid base image name',
  url: 'https://docs.docker.com/go/dockerfile/rule/invalid-default-arg-in-from/',
  start: ({build, report}) => ({
    onFile(dockerfile) {
      const defaults = defaultsOf(build);
      if (defaults === undefined) return;
      for (const {from} of dockerfile.stages) {
        const name = expanded(from.image, defaults, dockerfile.escape);
        // What cannot be expanded at all, planning tells.
        if (name === undefined) return;
        if (!isReferenceProblem(parseReference(name))) continue;
        const {image} = from;
        report(from, `Default value for ARG ${image} results in empty or invalid base image name`);
      }
    },
  }),
};

function defaultsOf({dockerfile, target, ...request}: LintedBuild): Environment | undefined {
  const problems = new ProblemList(dockerfile.file);
  const scope = predefinedArguments(request, target || (dockerfile.stages.at(-1)?.name ?? ''));
  addGlobalArguments(scope, dockerfile.metaArgs, {}, dockerfile.escape, problems);
  return problems.diagnostics.length === 0 ? scope : undefined;
}

function expanded(word: string, scope: Environment, escapeCharacter: Escape): string | undefined {
  try {
    return expandWord(word, scope, escapeCharacter);
  } catch (error) {
    if (error instanceof PlanProblem) return undefined;
    throw error;
  }
}
