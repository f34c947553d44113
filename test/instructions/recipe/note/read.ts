// NOTE [--to=PATH] TEXT: an instruction that nobody has, made by the recipe (docs/recipes/add-an-instruction.md).

import type {InstructionBase} from '../../../../src/dockerfile/ast.ts';
import {readFlags} from '../../../../src/dockerfile/flags.ts';
import type {Report} from '../../../../src/dockerfile/instruction-reader.ts';
import {onlyArgument} from '../../../../src/dockerfile/reading.ts';
import {instructionBase, type Statement} from '../../../../src/dockerfile/statement.ts';

/** A real one would stand in src/dockerfile/ast.ts: step 1 of the recipe. */
export interface NoteInstruction extends InstructionBase {
  readonly keyword: 'NOTE';
  readonly text: string;
  readonly to: string;
}

export const noteReader = {
  keyword: 'NOTE',
  shape: 'line',
  flags: {to: 'text'},
  heredoc: false,
  read(statement: Statement, report: Report): NoteInstruction | undefined {
    const flags = readFlags(statement.flags, noteReader.flags, report);
    const word = onlyArgument(statement, report);
    if (flags === undefined || word === undefined) return undefined;
    const to = flags.text('to') ?? '/etc/note';
    return {keyword: 'NOTE', ...instructionBase(statement), text: word.text, to};
  },
} as const;
