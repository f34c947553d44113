// tsbuild/ShellEntrypointIgnoresCmd: an ENTRYPOINT in shell form is `sh -c "line"`, and what CMD or `docker run` add
// become arguments of that line, which reads none.

import type {CommandInstruction} from '../../../dockerfile/ast.ts';
import type {LintRule} from '../../rule.ts';

export const shellEntrypointIgnoresCmd: LintRule = {
  name: 'tsbuild/ShellEntrypointIgnoresCmd',
  description: 'An ENTRYPOINT in shell form takes no notice of CMD',
  start: ({report}) => ({
    onFile({stages}) {
      for (const {instructions} of stages) {
        const of = (keyword: CommandInstruction['keyword']): CommandInstruction | undefined =>
          instructions.findLast((each): each is CommandInstruction => each.keyword === keyword);
        const [entrypoint, command] = [of('ENTRYPOINT'), of('CMD')];
        if (entrypoint === undefined || command === undefined || command.command.args.length === 0) continue;
        if (entrypoint.command.json || readsArguments(entrypoint.command.args.join(' '))) continue;
        // Another shell may do as it likes.
        if (instructions.some(({keyword}) => keyword === 'SHELL')) continue;
        report(
          entrypoint,
          `ENTRYPOINT in shell form takes no notice of the CMD on line ${command.span.line}: use the exec form, or "$@" in the line`,
        );
      }
    },
  }),
};

function readsArguments(line: string): boolean {
  return /\$\{?[@*#0-9]/.test(line);
}
