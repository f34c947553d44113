// ExposeProtoCasing: `80/TCP` is read as `80/tcp`, and written so in the image.

import type {LintRule} from '../../rule.ts';

export const exposeProtoCasing: LintRule = {
  name: 'ExposeProtoCasing',
  description: 'Protocol in EXPOSE instruction should be lowercase',
  url: 'https://docs.docker.com/go/dockerfile/rule/expose-proto-casing/',
  start: ({report}) => ({
    onInstruction({instruction, span, stage}) {
      if (instruction.keyword !== 'EXPOSE') return;
      for (const port of instruction.ports.flatMap((word) => stage.peekWords(word))) {
        const protocol = /\/(.*)$/s.exec(port)?.[1] ?? '';
        if (protocol === protocol.toLowerCase()) continue;
        const {comments} = instruction;
        report({span, comments}, `Defined protocol '${port}' in EXPOSE instruction should be lowercase`);
      }
    },
  }),
};
