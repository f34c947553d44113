// CMD: the default command, or the default arguments of an ENTRYPOINT. Shell form is kept as one string, exec form
// as its strings.

import type {CommandInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {commandLine} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const cmdReader = {
  keyword: 'CMD',
  shape: 'array-or-line',
  flags: {},
  heredoc: false,
  read(statement, report): CommandInstruction | undefined {
    if (readFlags(statement.flags, cmdReader.flags, report) === undefined) return undefined;
    return {keyword: 'CMD', ...instructionBase(statement), command: commandLine(statement)};
  },
} satisfies InstructionReader;
