// ONBUILD: an instruction for builds on top of the image. It is kept as text and read where it runs, so only its
// keyword is looked at here.

import type {OnBuildInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const onBuildReader = {
  keyword: 'ONBUILD',
  shape: 'nested',
  flags: {},
  heredoc: false,
  read(statement, report): OnBuildInstruction | undefined {
    const flags = readFlags(statement.flags, onBuildReader.flags, report);
    const {nested} = statement;
    if (nested === undefined) {
      const message = 'ONBUILD requires at least one argument';
      report({code: 'dockerfile-arguments', message, span: statement.keywordWord.span});
      return undefined;
    }
    const refusal = refusalOf(nested.keyword);
    if (refusal !== undefined) {
      report({code: 'dockerfile-onbuild', message: refusal, span: nested.keywordWord.span});
      return undefined;
    }
    if (flags === undefined) return undefined;
    const bodies = statement.heredocs.map(({raw, name}) => `\n${raw}${name}`);
    const expression = statement.line.replace(/^[\t\n\f\r ]*onbuild[\t\n\f\r ]*/i, '') + bodies.join('');
    return {keyword: 'ONBUILD', ...instructionBase(statement), expression};
  },
} satisfies InstructionReader;

function refusalOf(keyword: string): string | undefined {
  if (keyword === 'ONBUILD') return "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed";
  return keyword === 'FROM' || keyword === 'MAINTAINER'
    ? `${keyword} isn't allowed as an ONBUILD trigger`
    : undefined;
}
