// JSONArgsRecommended: in shell form the shell is process 1 and gets the signals. Who chose a SHELL meant it.

import type {LintRule} from '../../rule.ts';
import {writtenKeyword} from '../../written.ts';

export const jsonArgsRecommended: LintRule = {
  name: 'JSONArgsRecommended',
  description:
    'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
  url: 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
  start: ({report}) => ({
    onInstruction({instruction, span, stage}) {
      if (instruction.keyword !== 'CMD' && instruction.keyword !== 'ENTRYPOINT') return;
      if (instruction.command.json || stage.shell.length > 0) return;
      const {comments} = instruction;
      const keyword = writtenKeyword(instruction);
      report(
        {span, comments},
        `JSON arguments recommended for ${keyword} to prevent unintended behavior related to OS signals`,
      );
    },
  }),
};
