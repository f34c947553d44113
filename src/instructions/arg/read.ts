// ARG: names of build arguments, each with or without a default. Flags are read over, as docker does.

import type {ArgInstruction} from '../../dockerfile/ast.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {hasArguments, reportBlankName} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const argReader = {
  keyword: 'ARG',
  shape: 'declarations',
  flags: {},
  heredoc: false,
  read(statement, report): ArgInstruction | undefined {
    if (!hasArguments(statement, report)) return undefined;
    const blank = statement.args.filter((word) => word.text.startsWith('='));
    for (const word of blank) reportBlankName(statement, word, report);
    if (blank.length > 0) return undefined;
    const args = statement.args.map(({text}) => {
      const equals = text.indexOf('=');
      return equals < 0 ? {key: text} : {key: text.slice(0, equals), value: text.slice(equals + 1)};
    });
    return {keyword: 'ARG', ...instructionBase(statement), args};
  },
} satisfies InstructionReader;
