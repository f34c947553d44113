// pairs := LegacyKey LegacyValue | Pair*
// Pair: a quoted word with "="; LegacyKey: a first word without. A later word without "=" (BareWord) fits nowhere.

import type {IToken} from '../chevrotain.ts';
import type {ParsedArguments, Rule, RuleTools} from '../rule-tools.ts';
import type {Vocabulary} from '../tokens.ts';

export function definePairs($: RuleTools, t: Vocabulary): Rule<ParsedArguments> {
  return $.RULE('pairs', () => {
    const tokens: IToken[] = [];
    $.OR([
      {
        ALT: () => {
          tokens.push($.CONSUME(t.legacyKey));
          tokens.push($.CONSUME(t.legacyValue));
        },
      },
      {
        ALT: () => {
          $.MANY(() => {
            tokens.push($.CONSUME(t.pair));
          });
        },
      },
    ]);
    return {tokens, json: false};
  });
}
