// UndefinedVar: an unset variable expands to nothing, which is seldom meant. An ARG that is declared and has no
// value is.

import {nonEnvironmentArguments} from '../../../plan/build-args.ts';
import {nearestName} from '../../nearest-name.ts';
import type {LintRule} from '../../rule.ts';

export const undefinedVar: LintRule = {
  name: 'UndefinedVar',
  description: 'Variables should be defined before their use',
  url: 'https://docs.docker.com/go/dockerfile/rule/undefined-var/',
  start: ({report}) => ({
    onUnset(names, {instruction, span, stage}) {
      const declared = new Set(stage.declaredArguments.map(({key}) => key));
      for (const name of names) {
        if (declared.has(name) || nonEnvironmentArguments.has(name)) continue;
        const near = nearestName(name, stage.environment.names());
        const hint = near === undefined ? '' : ` (did you mean $${near}?)`;
        const {comments} = instruction;
        report({span, comments}, `Usage of undefined variable '$${name}'${hint}`);
      }
    },
  }),
};
