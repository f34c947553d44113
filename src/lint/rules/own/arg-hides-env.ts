// tsbuild/ArgHidesEnv: after `ENV X=1`, `ARG X=2` makes the RUN steps of the stage see 2, while the image has 1.
// Silent when both are the same, as in a stage that repeats the ARG its base has made an ENV of.

import type {LintRule} from '../../rule.ts';

export const argHidesEnv: LintRule = {
  name: 'tsbuild/ArgHidesEnv',
  description: 'An ARG should not have the name of an ENV with another value',
  start: ({report}) => ({
    afterInstruction({instruction, span, stage}) {
      if (instruction.keyword !== 'ARG') return;
      for (const {key} of instruction.args) {
        const kept = stage.imageVariables.find((entry) => entry.startsWith(`${key}=`))?.slice(key.length + 1);
        const seen = stage.environment.get(key);
        if (kept === undefined || seen === undefined || kept === seen) continue;
        const {comments} = instruction;
        report(
          {span, comments},
          `ARG ${key} hides the ENV of that name: RUN steps of this stage see another value than the image has`,
        );
      }
    },
  }),
};
