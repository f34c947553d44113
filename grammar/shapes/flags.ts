// flags := Flag* FlagsEnd?      Flag: `--name`, `--name=value`; FlagsEnd: a `--` of its own. Which flags an
// instruction has is not the grammar's business.

import type {IToken} from '../chevrotain.ts';
import type {Rule, RuleTools} from '../rule-tools.ts';
import type {Vocabulary} from '../tokens.ts';

export function defineFlags($: RuleTools, t: Vocabulary): Rule<readonly IToken[]> {
  return $.RULE('flags', () => {
    const flags: IToken[] = [];
    $.MANY(() => {
      flags.push($.CONSUME(t.flag));
    });
    $.OPTION(() => $.CONSUME(t.flagsEnd));
    return flags;
  });
}
