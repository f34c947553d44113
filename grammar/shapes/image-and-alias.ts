// image := Word (As Word)?

import type {IToken} from '../chevrotain.ts';
import type {ParsedArguments, Rule, RuleTools} from '../rule-tools.ts';
import type {Vocabulary} from '../tokens.ts';

export function defineImage($: RuleTools, t: Vocabulary): Rule<ParsedArguments> {
  return $.RULE('image', () => {
    const tokens: IToken[] = [$.CONSUME(t.word)];
    $.OPTION(() => {
      tokens.push($.CONSUME(t.as));
      tokens.push($.CONSUME2(t.word));
    });
    return {tokens, json: false};
  });
}
