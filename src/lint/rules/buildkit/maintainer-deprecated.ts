// MaintainerDeprecated: a label says who the author is, and tools can read it.

import type {LintRule} from '../../rule.ts';

export const maintainerDeprecated: LintRule = {
  name: 'MaintainerDeprecated',
  description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
  url: 'https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/',
  start: ({report}) => ({
    onFile({stages}) {
      for (const instruction of stages.flatMap(({instructions}) => instructions)) {
        if (instruction.keyword !== 'MAINTAINER') continue;
        report(instruction, 'Maintainer instruction is deprecated in favor of using label');
      }
    },
  }),
};
