// EXPOSE: ports the container listens on. What a port looks like is known after variables are expanded.

import type {ExposeInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {hasArguments} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const exposeReader = {
  keyword: 'EXPOSE',
  shape: 'words',
  flags: {},
  heredoc: false,
  read(statement, report): ExposeInstruction | undefined {
    const flags = readFlags(statement.flags, exposeReader.flags, report);
    if (!hasArguments(statement, report) || flags === undefined) return undefined;
    return {keyword: 'EXPOSE', ...instructionBase(statement), ports: statement.args.map(({text}) => text)};
  },
} satisfies InstructionReader;
