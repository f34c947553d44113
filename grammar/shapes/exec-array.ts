// array := "[" (ArrayString ("," ArrayString)*)? "]"
// The lexer gives "[" only where valid JSON follows, so the one mistake left to make is an element that is no string.

import type {IToken} from '../chevrotain.ts';
import type {ParsedArguments, Rule, RuleTools} from '../rule-tools.ts';
import type {Vocabulary} from '../tokens.ts';

export function defineArray($: RuleTools, t: Vocabulary): Rule<ParsedArguments> {
  return $.RULE('array', () => {
    const tokens: IToken[] = [];
    $.CONSUME(t.leftBracket);
    $.MANY_SEP({
      SEP: t.comma,
      DEF: () => {
        tokens.push($.CONSUME(t.arrayString));
      },
    });
    $.CONSUME(t.rightBracket);
    return {tokens, json: true};
  });
}
