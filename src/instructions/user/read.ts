// USER: who runs later steps and the container. The rest of the line is the value, blanks included.

import type {UserInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {onlyArgument} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const userReader = {
  keyword: 'USER',
  shape: 'line',
  flags: {},
  heredoc: false,
  read(statement, report): UserInstruction | undefined {
    const value = onlyArgument(statement, report);
    const flags = readFlags(statement.flags, userReader.flags, report);
    if (value === undefined || flags === undefined) return undefined;
    return {keyword: 'USER', ...instructionBase(statement), user: value.text};
  },
} satisfies InstructionReader;
