// SHELL: what runs the shell form of later instructions. JSON only.

import type {ShellInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {hasArguments} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const shellReader = {
  keyword: 'SHELL',
  shape: 'array-or-line',
  flags: {},
  heredoc: false,
  read(statement, report): ShellInstruction | undefined {
    const flags = readFlags(statement.flags, shellReader.flags, report);
    if (!hasArguments(statement, report)) return undefined;
    const [first] = statement.args;
    if (!statement.json && first !== undefined) {
      report({
        code: 'dockerfile-shell-form',
        message: 'SHELL requires the arguments to be in JSON form',
        span: first.span,
        hints: ['write SHELL ["/bin/bash", "-c"], with double quotes'],
      });
      return undefined;
    }
    if (flags === undefined) return undefined;
    return {keyword: 'SHELL', ...instructionBase(statement), shell: statement.args.map(({text}) => text)};
  },
} satisfies InstructionReader;
