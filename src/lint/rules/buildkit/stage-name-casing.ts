// StageNameCasing: names of stages are compared without case, so there is one good way to write them.

import type {LintRule} from '../../rule.ts';
import {writtenAlias} from '../../written.ts';

export const stageNameCasing: LintRule = {
  name: 'StageNameCasing',
  description: 'Stage names should be lowercase',
  url: 'https://docs.docker.com/go/dockerfile/rule/stage-name-casing/',
  start: ({report}) => ({
    onFile({stages}) {
      for (const {from} of stages) {
        const written = writtenAlias(from)?.name ?? '';
        if (written !== written.toLowerCase()) report(from, `Stage name '${written}' should be lowercase`);
      }
    },
  }),
};
