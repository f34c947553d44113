// The part of Chevrotain's parser that rules are written with, so that each argument shape can be a file of its own:
// the library declares these methods protected, and only `rulesOf` looks behind that.

import type {EmbeddedActionsParser, IToken, ParserMethod, TokenType} from './chevrotain.ts';

export type Rule<T> = ParserMethod<[], T>;

export interface RuleTools {
  RULE<T>(name: string, implementation: () => T): Rule<T>;
  SUBRULE<T>(rule: Rule<T>): T;
  SUBRULE2<T>(rule: Rule<T>): T;
  CONSUME(type: TokenType): IToken;
  CONSUME2(type: TokenType): IToken;
  OR<T>(alternatives: readonly {readonly ALT: () => T}[]): T;
  OPTION<T>(action: () => T): T | undefined;
  OPTION2<T>(action: () => T): T | undefined;
  MANY(action: () => void): void;
  MANY_SEP(options: {readonly SEP: TokenType; readonly DEF: () => void}): void;
  ACTION<T>(action: () => T): T;
}

export function rulesOf(parser: EmbeddedActionsParser): RuleTools {
  return parser as unknown as RuleTools;
}

/** What one shape's rule gives: the argument tokens, in order. */
export interface ParsedArguments {
  readonly tokens: readonly IToken[];
  readonly json: boolean;
  readonly nested?: ParsedInstruction;
}

export interface ParsedInstruction {
  readonly keyword: IToken;
  readonly flags: readonly IToken[];
  readonly arguments: ParsedArguments;
}
