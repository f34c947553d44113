// ExposeInvalidFormat: an address or a host port belongs to `docker run -p`; here it is read and dropped.

import type {LintRule} from '../../rule.ts';

export const exposeInvalidFormat: LintRule = {
  name: 'ExposeInvalidFormat',
  description:
    'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
  url: 'https://docs.docker.com/go/dockerfile/rule/expose-invalid-format/',
  start: ({report}) => ({
    onInstruction({instruction, span, stage}) {
      if (instruction.keyword !== 'EXPOSE') return;
      for (const port of instruction.ports.flatMap((word) => stage.peekWords(word))) {
        // `:80` has an empty host port, which docker does not mind.
        if (!/[^:].*:[^:]*$/s.test(port)) continue;
        const {comments} = instruction;
        report(
          {span, comments},
          `EXPOSE instruction should not define an IP address or host-port mapping, found '${port}'`,
        );
      }
    },
  }),
};
