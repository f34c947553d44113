// tsbuild/ExecFormWithoutShell: no shell reads the exec form, so `&&` and `$HOME` in it reach the program as they are.
// Only words are minded that mean nothing else: an operator of its own, and a variable in capitals that is a whole word
// or the beginning of a path.

import type {CommandLine, Instruction} from '../../../dockerfile/ast.ts';
import type {LintRule} from '../../rule.ts';

const operators: ReadonlySet<string> = new Set(['&&', '||', '|', ';', '>', '>>', '<', '2>&1', '&>']);
const variable = /^(?:-[\w-]*=)?\$(?:[A-Z_][A-Z0-9_]*|\{[A-Z_][A-Z0-9_]*\})(?:[/:].*)?$/;
/** They read variables or commands themselves. */
const readers = /(?:^|\/)(?:(?:ba|da|a|z|k|fi)?sh|envsubst|confd|eval|find|test|\[)$/;

export const execFormWithoutShell: LintRule = {
  name: 'tsbuild/ExecFormWithoutShell',
  description: 'The exec form knows no variables and no operators of a shell',
  start: ({report}) => ({
    onInstruction({instruction, span}) {
      const command = commandOf(instruction);
      if (command?.json !== true || command.args.some((arg) => readers.test(arg))) return;
      const found = command.args.slice(1).find((arg) => operators.has(arg) || variable.test(arg));
      if (found === undefined) return;
      const {comments, keyword} = instruction;
      report(
        {span, comments},
        `${keyword} hands ${JSON.stringify(found)} to ${JSON.stringify(command.args[0])} as it stands, no shell reads the exec form: use the shell form, or ["sh", "-c", "…"]`,
      );
    },
  }),
};

function commandOf(instruction: Instruction): CommandLine | undefined {
  switch (instruction.keyword) {
    case 'RUN':
    case 'CMD':
    case 'ENTRYPOINT':
    case 'HEALTHCHECK':
      return instruction.command;
    default:
      return undefined;
  }
}
