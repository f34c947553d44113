// ENTRYPOINT: the command that is always run. Shell form is kept as one string, exec form as its strings.

import type {CommandInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {commandLine} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const entrypointReader = {
  keyword: 'ENTRYPOINT',
  shape: 'array-or-line',
  flags: {},
  heredoc: false,
  read(statement, report): CommandInstruction | undefined {
    if (readFlags(statement.flags, entrypointReader.flags, report) === undefined) return undefined;
    return {keyword: 'ENTRYPOINT', ...instructionBase(statement), command: commandLine(statement)};
  },
} satisfies InstructionReader;
