// A second, small grammar: a word with variables, quotes and escapes.
//
//   word      := part*
//   part      := Text | Escaped | SingleQuoted | double | Variable | BracedVariable | operation | replacement | …
//   double    := OpenDouble (DoubleText | EscapedInDouble | LoneEscape | dollar)* CloseDouble?
//   operation := Operator word CloseBrace?                      ${x:-word}  ${x#pattern}
//   replacement := Replace word (Slash word CloseBrace?)?       ${x/pattern/word}
//
// Closers are optional since docker looks at them while it expands: what is wrong behind `${x?no}` is never reached.
// So nothing is an error here; `closed` tells the expansion (src/dockerfile/expansion.ts) what to say.

import type {IToken} from './chevrotain.ts';
import {EmbeddedActionsParser, Lexer} from './chevrotain.ts';
import {type Rule, type RuleTools, rulesOf} from './rule-tools.ts';
import {
  type BadPayload,
  createVariableTokens,
  type DollarPayload,
  type VariableLexerState,
  type VariableTokens,
} from './variable-tokens.ts';

export type WordPart =
  | {readonly kind: 'text'; readonly text: string}
  /** Escape character and what it escapes; the latter is empty at the end of the word. */
  | {readonly kind: 'escaped'; readonly escape: string; readonly text: string; readonly doubled: boolean}
  | {readonly kind: 'single'; readonly text: string; readonly closed: boolean}
  | {readonly kind: 'double'; readonly parts: readonly WordPart[]; readonly closed: boolean}
  | {readonly kind: 'variable'; readonly name: string; readonly braced: boolean}
  | OperationPart
  | ReplacementPart
  | {readonly kind: 'bad'; readonly message: string; readonly end: number};

export interface OperationPart {
  readonly kind: 'operation';
  readonly name: string;
  readonly operator: string;
  readonly word: readonly WordPart[];
  readonly closed: boolean;
  /** Offset behind the part; 0 when it is not closed. */
  readonly end: number;
}

export interface ReplacementPart {
  readonly kind: 'replacement';
  readonly name: string;
  readonly all: boolean;
  readonly pattern: readonly WordPart[];
  readonly patternClosed: boolean;
  readonly replacement: readonly WordPart[];
  readonly closed: boolean;
  readonly end: number;
}

/** Each level takes several frames of the stack. */
const nestingMax = 200;

class WordParser extends EmbeddedActionsParser {
  readonly word: Rule<readonly WordPart[]>;

  constructor(tokens: VariableTokens, validate: boolean) {
    super(
      {modes: tokens.modes, defaultMode: 'plain'},
      {maxLookahead: 1, recoveryEnabled: false, skipValidations: !validate},
    );
    this.word = defineWord(rulesOf(this), tokens);
    this.performSelfAnalysis();
  }
}

export class VariableGrammar {
  readonly #state: VariableLexerState = {escape: '\\', skipQuotes: false};
  readonly #lexer: Lexer;
  readonly #parser: WordParser;

  constructor({validate = false}: {validate?: boolean} = {}) {
    const tokens = createVariableTokens(this.#state);
    this.#lexer = new Lexer(
      {modes: tokens.modes, defaultMode: 'plain'},
      {positionTracking: 'onlyOffset', skipValidations: !validate},
    );
    this.#parser = new WordParser(tokens, validate);
  }

  /** The parts of `word`. Every text is a word; what cannot be expanded is a part of kind `bad` or is not `closed`. */
  parse(word: string, state: Readonly<VariableLexerState>): readonly WordPart[] {
    Object.assign(this.#state, state);
    const {tokens} = this.#lexer.tokenize(word);
    const tooDeep = this.#firstTooDeep(tokens);
    if (tooDeep !== undefined) {
      return [
        {
          kind: 'bad',
          message: `more than ${nestingMax} substitutions inside each other`,
          end: endOf(tooDeep),
        },
      ];
    }
    this.#parser.input = tokens;
    return this.#parser.word();
  }

  #firstTooDeep(tokens: readonly IToken[]): IToken | undefined {
    let depth = 0;
    for (const token of tokens) {
      const mode = token.tokenType.PUSH_MODE;
      if (mode !== undefined && token.tokenType.POP_MODE !== true) depth++;
      else if (mode === undefined && token.tokenType.POP_MODE === true) depth--;
      if (depth > nestingMax) return token;
    }
    return undefined;
  }
}

function payloadOf<T extends DollarPayload | BadPayload>(token: IToken): T {
  const payload: T = token.payload;
  return payload;
}

function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}

function defineWord($: RuleTools, t: VariableTokens): Rule<readonly WordPart[]> {
  let word: Rule<readonly WordPart[]> | undefined;
  const dollar = defineDollar(
    $,
    t,
    () => $.SUBRULE(word ?? fail()),
    () => $.SUBRULE2(word ?? fail()),
  );
  const double = defineDouble($, t, dollar);
  const alternatives: {readonly ALT: () => WordPart}[] = [
    {ALT: () => text($.CONSUME(t.text))},
    {ALT: () => text($.CONSUME(t.solid))},
    {ALT: () => escaped($.CONSUME(t.escaped), false)},
    {ALT: () => single($.CONSUME(t.singleQuoted))},
    {ALT: () => $.SUBRULE(double)},
    {ALT: () => $.SUBRULE(dollar)},
  ];
  word = $.RULE('word', () => {
    const parts: WordPart[] = [];
    $.MANY(() => {
      parts.push($.OR(alternatives));
    });
    return parts;
  });
  return word;
}

function defineDouble($: RuleTools, t: VariableTokens, dollar: Rule<WordPart>): Rule<WordPart> {
  const alternatives: {readonly ALT: () => WordPart}[] = [
    {ALT: () => text($.CONSUME(t.doubleText))},
    {ALT: () => escaped($.CONSUME(t.escapedInDouble), false)},
    {ALT: () => escaped($.CONSUME(t.loneEscape), true)},
    {ALT: () => $.SUBRULE(dollar)},
  ];
  return $.RULE('double', (): WordPart => {
    const parts: WordPart[] = [];
    $.CONSUME(t.openDouble);
    $.MANY(() => {
      parts.push($.OR(alternatives));
    });
    const close = $.OPTION(() => $.CONSUME(t.closeDouble));
    return {kind: 'double', parts, closed: close !== undefined};
  });
}

type SubWord = () => readonly WordPart[];

function defineDollar($: RuleTools, t: VariableTokens, word: SubWord, secondWord: SubWord): Rule<WordPart> {
  const operation = $.RULE('operation', (): WordPart => {
    const open = $.CONSUME(t.operator);
    const inner = word();
    const close = $.OPTION(() => $.CONSUME(t.closeBrace));
    return $.ACTION(() => ({
      kind: 'operation',
      ...payloadOf<DollarPayload>(open),
      word: inner,
      closed: close !== undefined,
      end: close === undefined ? 0 : endOf(close),
    }));
  });
  const replacement = $.RULE('replacement', (): WordPart => {
    const open = $.CONSUME(t.replace);
    const pattern = word();
    const rest = $.OPTION(() => {
      $.CONSUME(t.slash);
      const inner = secondWord();
      return {inner, close: $.OPTION2(() => $.CONSUME(t.closeBrace))};
    });
    return $.ACTION(() => ({
      kind: 'replacement',
      name: payloadOf<DollarPayload>(open).name,
      all: payloadOf<DollarPayload>(open).operator === '//',
      pattern,
      patternClosed: rest !== undefined,
      replacement: rest?.inner ?? [],
      closed: rest?.close !== undefined,
      end: rest?.close === undefined ? 0 : endOf(rest.close),
    }));
  });
  const alternatives: {readonly ALT: () => WordPart}[] = [
    {ALT: () => variable($, $.CONSUME(t.variable), false)},
    {ALT: () => variable($, $.CONSUME(t.braced), true)},
    {ALT: () => text($.CONSUME(t.loneDollar))},
    {ALT: () => $.SUBRULE(operation)},
    {ALT: () => $.SUBRULE(replacement)},
    {
      ALT: () => {
        const bad = $.CONSUME(t.bad);
        return $.ACTION((): WordPart => ({kind: 'bad', ...payloadOf<BadPayload>(bad)}));
      },
    },
  ];
  return $.RULE('dollar', () => $.OR(alternatives));
}

function variable($: RuleTools, token: IToken, braced: boolean): WordPart {
  return $.ACTION(() => ({kind: 'variable', name: payloadOf<DollarPayload>(token).name, braced}));
}

function text(token: IToken): WordPart {
  return {kind: 'text', text: token.image};
}

/** `doubled`: between double quotes, where an escape that escapes nothing stands for itself. */
function escaped(token: IToken, doubled: boolean): WordPart {
  return {kind: 'escaped', escape: token.image.charAt(0), text: token.image.slice(1), doubled};
}

function single(token: IToken): WordPart {
  const closed = token.image.length > 1 && token.image.endsWith("'");
  return {kind: 'single', text: token.image.slice(1, closed ? -1 : undefined), closed};
}

function fail(): never {
  throw new Error('the rule "word" is used before it is defined');
}
