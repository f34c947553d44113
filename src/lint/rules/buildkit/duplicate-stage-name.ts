// DuplicateStageName: of two stages with one name, the first can be reached only from between them.

import {quoted} from '../../../plan/go-format.ts';
import type {LintRule} from '../../rule.ts';

export const duplicateStageName: LintRule = {
  name: 'DuplicateStageName',
  description: 'Stage names should be unique',
  url: 'https://docs.docker.com/go/dockerfile/rule/duplicate-stage-name/',
  start: ({report}) => ({
    onFile({stages}) {
      const seen = new Set<string>();
      for (const {name, from} of stages) {
        if (name === '') continue;
        if (seen.has(name))
          report(from, `Duplicate stage name ${quoted(name)}, stage names should be unique`);
        seen.add(name);
      }
    },
  }),
};
