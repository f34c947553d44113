// WORKDIR: the directory for later steps and the container. The rest of the line is the value, blanks included.

import type {WorkdirInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {onlyArgument} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const workdirReader = {
  keyword: 'WORKDIR',
  shape: 'line',
  flags: {},
  heredoc: false,
  read(statement, report): WorkdirInstruction | undefined {
    const value = onlyArgument(statement, report);
    const flags = readFlags(statement.flags, workdirReader.flags, report);
    if (value === undefined || flags === undefined) return undefined;
    return {keyword: 'WORKDIR', ...instructionBase(statement), path: value.text};
  },
} satisfies InstructionReader;
