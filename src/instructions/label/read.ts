// LABEL: metadata of the image.

import type {LabelInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {readPairs} from '../../dockerfile/pairs.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const labelReader = {
  keyword: 'LABEL',
  shape: 'pairs',
  flags: {},
  heredoc: false,
  read(statement, report): LabelInstruction | undefined {
    const flags = readFlags(statement.flags, labelReader.flags, report);
    const pairs = readPairs(statement, report);
    if (flags === undefined || pairs === undefined) return undefined;
    return {keyword: 'LABEL', ...instructionBase(statement), pairs};
  },
} satisfies InstructionReader;
