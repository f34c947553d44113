// nested := instruction?

import type {ParsedArguments, ParsedInstruction, Rule, RuleTools} from '../rule-tools.ts';

/** `instruction` is asked for late, since it is defined after the shapes it contains. */
export function defineNested(
  $: RuleTools,
  instruction: () => Rule<ParsedInstruction>,
): Rule<ParsedArguments> {
  return $.RULE('nested', (): ParsedArguments => {
    const nested = $.OPTION(() => $.SUBRULE(instruction()));
    return nested === undefined ? {tokens: [], json: false} : {tokens: [], json: false, nested};
  });
}
