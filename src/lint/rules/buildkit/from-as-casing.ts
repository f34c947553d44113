// FromAsCasing: `FROM … AS` or `from … as`, not a mixture. A FROM in mixed case is ConsistentInstructionCasing's.

import type {LintRule} from '../../rule.ts';
import {writtenAlias, writtenKeyword} from '../../written.ts';

export const fromAsCasing: LintRule = {
  name: 'FromAsCasing',
  description: "The 'as' keyword should match the case of the 'from' keyword",
  url: 'https://docs.docker.com/go/dockerfile/rule/from-as-casing/',
  start: ({report}) => ({
    onFile({stages}) {
      for (const {from} of stages) {
        const alias = writtenAlias(from);
        const keyword = writtenKeyword(from);
        const expected = keyword === 'from' ? 'as' : keyword === 'FROM' ? 'AS' : undefined;
        if (alias === undefined || expected === undefined || alias.as === expected) continue;
        report(from, `'${alias.as}' and '${keyword}' keywords' casing do not match`);
      }
    },
  }),
};
