// ReservedStageName: `scratch` and `context` mean something else wherever a stage may be named.

import {quoted} from '../../../plan/go-format.ts';
import type {LintRule} from '../../rule.ts';

const reserved: ReadonlySet<string> = new Set(['context', 'scratch']);

export const reservedStageName: LintRule = {
  name: 'ReservedStageName',
  description: 'Reserved words should not be used as stage names',
  url: 'https://docs.docker.com/go/dockerfile/rule/reserved-stage-name/',
  start: ({report}) => ({
    onFile({stages}) {
      for (const {name, from} of stages) {
        if (!reserved.has(name)) continue;
        report(from, `Stage name should not use the same name as reserved stage ${quoted(name)}`);
      }
    },
  }),
};
