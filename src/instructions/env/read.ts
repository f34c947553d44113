// ENV: variables of the environment, for later steps and for the container.

import type {EnvInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {readPairs} from '../../dockerfile/pairs.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const envReader = {
  keyword: 'ENV',
  shape: 'pairs',
  flags: {},
  heredoc: false,
  read(statement, report): EnvInstruction | undefined {
    const flags = readFlags(statement.flags, envReader.flags, report);
    const pairs = readPairs(statement, report);
    if (flags === undefined || pairs === undefined) return undefined;
    return {keyword: 'ENV', ...instructionBase(statement), pairs};
  },
} satisfies InstructionReader;
