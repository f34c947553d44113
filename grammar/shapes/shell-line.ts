// line := Line?                                  the rest of the line as it stands: text for a shell, a path, a name
// arrayOrLine := array | line                    RUN, CMD, ENTRYPOINT, SHELL
// arrayOrWords := array | words                  COPY, ADD, VOLUME
// typeAndCommand := (CommandType arrayOrLine)?   HEALTHCHECK

import type {IToken} from '../chevrotain.ts';
import type {ParsedArguments, Rule, RuleTools} from '../rule-tools.ts';
import type {Vocabulary} from '../tokens.ts';

export function defineLine($: RuleTools, t: Vocabulary): Rule<ParsedArguments> {
  return $.RULE('line', () => {
    const tokens: IToken[] = [];
    $.OPTION(() => {
      tokens.push($.CONSUME(t.line));
    });
    return {tokens, json: false};
  });
}

export function defineArrayOr(
  $: RuleTools,
  name: string,
  array: Rule<ParsedArguments>,
  otherwise: Rule<ParsedArguments>,
): Rule<ParsedArguments> {
  return $.RULE(name, () => $.OR([{ALT: () => $.SUBRULE(array)}, {ALT: () => $.SUBRULE(otherwise)}]));
}

export function defineTypeAndCommand(
  $: RuleTools,
  t: Vocabulary,
  arrayOrLine: Rule<ParsedArguments>,
): Rule<ParsedArguments> {
  return $.RULE('typeAndCommand', () => {
    const tokens: IToken[] = [];
    let json = false;
    $.OPTION(() => {
      tokens.push($.CONSUME(t.commandType));
      const command = $.SUBRULE(arrayOrLine);
      $.ACTION(() => {
        tokens.push(...command.tokens);
        json = command.json;
      });
    });
    return {tokens, json};
  });
}
