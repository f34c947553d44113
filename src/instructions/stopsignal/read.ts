// STOPSIGNAL: what stops the container. Flags are read over, as docker does.

import type {StopSignalInstruction} from '../../dockerfile/ast.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {onlyArgument} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const stopSignalReader = {
  keyword: 'STOPSIGNAL',
  shape: 'line',
  flags: {},
  heredoc: false,
  read(statement, report): StopSignalInstruction | undefined {
    const value = onlyArgument(statement, report);
    if (value === undefined) return undefined;
    return {keyword: 'STOPSIGNAL', ...instructionBase(statement), signal: value.text};
  },
} satisfies InstructionReader;
