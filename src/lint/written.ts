// Words of an instruction as they are written: the AST has them in one case, and some rules are about nothing else.

import type {FromInstruction, InstructionBase} from '../dockerfile/ast.ts';

/** The keyword, in the case of the file. */
export function writtenKeyword({original}: InstructionBase): string {
  return wordsOf(original)[0] ?? '';
}

/** `as` and the stage's name; undefined when the stage has none. */
export function writtenAlias({
  name,
  original,
}: FromInstruction): {readonly as: string; readonly name: string} | undefined {
  if (name === '') return undefined;
  const [as = '', written = ''] = wordsOf(original).slice(-2);
  return {as, name: written};
}

function wordsOf(line: string): readonly string[] {
  return line.split(/[\t\v\f\r ]+/);
}
