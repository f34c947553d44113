// LegacyKeyValueFormat: `ENV key value` takes the rest of the line, quotes and all, and only one pair.

import type {LintRule} from '../../rule.ts';
import {writtenKeyword} from '../../written.ts';

export const legacyKeyValueFormat: LintRule = {
  name: 'LegacyKeyValueFormat',
  description: 'Legacy key/value format with whitespace separator should not be used',
  url: 'https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/',
  start: ({report}) => ({
    onInstruction({instruction, span}) {
      if (instruction.keyword !== 'ENV' && instruction.keyword !== 'LABEL') return;
      const {comments} = instruction;
      const keyword = writtenKeyword(instruction);
      for (const {legacy} of instruction.pairs) {
        if (!legacy) continue;
        report(
          {span, comments},
          `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`,
        );
      }
    },
  }),
};
