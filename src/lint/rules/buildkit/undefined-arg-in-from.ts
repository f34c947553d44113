// UndefinedArgInFrom: FROM sees the predefined arguments and the ARGs before the first FROM. One that is declared
// without a value is declared all the same.

import {nearestName} from '../../nearest-name.ts';
import type {LintRule} from '../../rule.ts';

export const undefinedArgInFrom: LintRule = {
  name: 'UndefinedArgInFrom',
  description: 'FROM command must use declared ARGs',
  url: 'https://docs.docker.com/go/dockerfile/rule/undefined-arg-in-from/',
  start: ({build, report}) => ({
    onFrom({stage, image, platform, globals}) {
      const unset = [...image.unmatched, ...(platform?.unmatched ?? [])];
      if (unset.length === 0) return;
      const declared = build.dockerfile.metaArgs.flatMap(({args}) => args.map(({key}) => key));
      const known = new Set([...globals.names(), ...declared]);
      for (const name of unset) {
        if (known.has(name)) continue;
        const near = nearestName(name, known);
        const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
        report(stage.from, `FROM argument '${name}' is not declared${hint}`);
      }
    },
  }),
};
