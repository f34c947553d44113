// tsbuild/MisspeltBuildArg: `--build-arg VERISON=3` where the file has an `ARG VERSION`. An argument that no ARG takes
// is without effect, and nothing else would say so. Those with no such neighbour are let be: a pipeline hands the same
// arguments to many files.

import {nearestName} from '../../nearest-name.ts';
import type {LintRule} from '../../rule.ts';

export const misspeltBuildArg: LintRule = {
  name: 'tsbuild/MisspeltBuildArg',
  description: 'A build argument should have the name of an ARG',
  start: ({build, report}) => ({
    onFile({metaArgs, stages}) {
      const declarations = [...metaArgs, ...stages.flatMap(({instructions}) => instructions)].flatMap(
        (instruction) =>
          instruction.keyword === 'ARG' ? instruction.args.map(({key}) => ({key, instruction})) : [],
      );
      const given = Object.keys(build.buildArgs);
      // An ARG that has its value is not the one that was meant.
      const open = declarations.filter(({key}) => !given.includes(key));
      const declared = new Set(declarations.map(({key}) => key));
      for (const name of given) {
        if (declared.has(name)) continue;
        const near = nearestName(
          name,
          open.map(({key}) => key),
        );
        const meant = open.find(({key}) => key === near)?.instruction;
        if (meant === undefined) continue;
        const {span, comments} = meant;
        report({span, comments}, `No ARG takes --build-arg ${name} (did you mean ${near}?)`);
      }
    },
  }),
};
