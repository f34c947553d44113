// tsbuild/AptGetUpdateAlone: the lists that `apt-get update` fetched stay in the cache while the archive moves on,
// and an `apt-get install` in a later step then asks for packages that are gone.

import type {LintRule} from '../../rule.ts';
import {type Command, commandsOf} from '../../run-commands.ts';

const programs: ReadonlySet<string> = new Set(['apt', 'apt-get']);

export const aptGetUpdateAlone: LintRule = {
  name: 'tsbuild/AptGetUpdateAlone',
  description: 'apt-get update should share its RUN with the apt-get install that needs it',
  start: ({report}) => ({
    onInstruction({instruction, span}) {
      if (instruction.keyword !== 'RUN') return;
      const commands = commandsOf(instruction);
      const update = commands.findIndex((command) => verbOf(command) === 'update');
      // Whatever is run after it may install: a script, another package manager, apt-get itself.
      if (update < 0 || update < commands.length - 1) return;
      const {comments} = instruction;
      const program = commands[update]?.[0] ?? '';
      report(
        {span, comments},
        `${program} update has a RUN of its own: its lists are kept in the cache and grow stale, run it together with ${program} install`,
      );
    },
  }),
};

/** The first word that is no option. */
function verbOf([program = '', ...rest]: Command): string | undefined {
  return programs.has(program) ? rest.find((word) => !word.startsWith('-')) : undefined;
}
