// MAINTAINER: the author of the image (LABEL is the newer way). The rest of the line is the value, blanks included.

import type {MaintainerInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {onlyArgument} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const maintainerReader = {
  keyword: 'MAINTAINER',
  shape: 'line',
  flags: {},
  heredoc: false,
  read(statement, report): MaintainerInstruction | undefined {
    const value = onlyArgument(statement, report);
    const flags = readFlags(statement.flags, maintainerReader.flags, report);
    if (value === undefined || flags === undefined) return undefined;
    return {keyword: 'MAINTAINER', ...instructionBase(statement), maintainer: value.text};
  },
} satisfies InstructionReader;
