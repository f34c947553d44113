// tsbuild/LostShellState: each RUN has a shell of its own, so a `RUN cd /app` or `RUN export X=1` with nothing behind it
// is forgotten before the next step begins.

import type {LintRule} from '../../rule.ts';
import {commandsOf} from '../../run-commands.ts';

const instead: ReadonlyMap<string, string> = new Map([
  ['cd', 'use WORKDIR'],
  ['export', 'use ENV'],
  ['unset', 'join it to the RUN that needs it'],
  ['alias', 'join it to the RUN that needs it'],
  ['umask', 'join it to the RUN that needs it'],
]);

export const lostShellState: LintRule = {
  name: 'tsbuild/LostShellState',
  description: 'What a RUN changes of its shell is gone in the next one',
  start: ({report}) => ({
    onInstruction({instruction, span}) {
      if (instruction.keyword !== 'RUN') return;
      const programs = commandsOf(instruction).map(([program = '']) => program);
      const last = programs.at(-1) ?? '';
      const hint = instead.get(last);
      // Behind a command that does something, it may be there by habit and harms nobody.
      if (hint === undefined || programs.some((program) => !instead.has(program))) return;
      const {comments} = instruction;
      report({span, comments}, `${last} is lost when this RUN ends, the next one has a new shell: ${hint}`);
    },
  }),
};
