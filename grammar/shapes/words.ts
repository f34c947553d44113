// words := Word*        declarations := Declaration*

import type {IToken, TokenType} from '../chevrotain.ts';
import type {ParsedArguments, Rule, RuleTools} from '../rule-tools.ts';
import type {Vocabulary} from '../tokens.ts';

export function defineWords($: RuleTools, t: Vocabulary): Rule<ParsedArguments> {
  return defineMany($, 'words', t.word);
}

export function defineDeclarations($: RuleTools, t: Vocabulary): Rule<ParsedArguments> {
  return defineMany($, 'declarations', t.declaration);
}

function defineMany($: RuleTools, name: string, type: TokenType): Rule<ParsedArguments> {
  return $.RULE(name, () => {
    const tokens: IToken[] = [];
    $.MANY(() => {
      tokens.push($.CONSUME(type));
    });
    return {tokens, json: false};
  });
}
