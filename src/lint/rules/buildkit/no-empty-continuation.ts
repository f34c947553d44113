// NoEmptyContinuation: the parser has seen an empty line inside a continued instruction.

import type {LintRule} from '../../rule.ts';

export const noEmptyContinuation: LintRule = {
  name: 'NoEmptyContinuation',
  description: 'Empty continuation lines will become errors in a future release',
  url: 'https://docs.docker.com/go/dockerfile/rule/no-empty-continuation/',
  start: ({build, report}) => ({
    onFile() {
      for (const {code, span} of build.parserWarnings) {
        if (code === 'NoEmptyContinuation' && span !== undefined) report({span}, 'Empty continuation line');
      }
    },
  }),
};
