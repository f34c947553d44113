// The language of one logical line:   statement := instruction      instruction := Keyword(shape) flags shape
// The parser is built once per shape table and takes one line at a time, so a broken instruction cannot spoil the next
// one; within a line the first mistake ends the analysis. EmbeddedActions rather than a syntax tree: the rules are
// small, their results are typed, and half of the time per line is saved.

import {EmbeddedActionsParser, type IRecognitionException, type IToken, Lexer} from './chevrotain.ts';
import {
  type ParsedArguments,
  type ParsedInstruction,
  type Rule,
  type RuleTools,
  rulesOf,
} from './rule-tools.ts';
import {defineArray} from './shapes/exec-array.ts';
import {defineFlags} from './shapes/flags.ts';
import {defineImage} from './shapes/image-and-alias.ts';
import {defineNested} from './shapes/nested.ts';
import {definePairs} from './shapes/pairs.ts';
import {defineArrayOr, defineLine, defineTypeAndCommand} from './shapes/shell-line.ts';
import {defineDeclarations, defineWords} from './shapes/words.ts';
import type {Vocabulary} from './tokens.ts';
import {
  type ArgumentShape,
  argumentShapes,
  createVocabulary,
  type LexerState,
  type ShapeTable,
} from './tokens.ts';

export type SyntaxProblemKind = 'image-arguments' | 'value-missing' | 'equals-missing' | 'array-of-strings';

export interface SyntaxProblem {
  readonly kind: SyntaxProblemKind;
  /** Keyword of the (nested) instruction that is broken. */
  readonly keyword: IToken;
  /** The token that does not fit; undefined at the end of the line. */
  readonly token: IToken | undefined;
}

export interface ParsedLine {
  /** Undefined when there is a problem. */
  readonly instruction: ParsedInstruction | undefined;
  readonly problem: SyntaxProblem | undefined;
  /** All keyword tokens of the line, the outermost first; empty for an empty line. */
  readonly keywords: readonly IToken[];
}

class StatementParser extends EmbeddedActionsParser {
  readonly statement: Rule<ParsedInstruction>;

  constructor(vocabulary: Vocabulary, validate: boolean) {
    const modes = {...vocabulary.modes};
    super(
      {modes, defaultMode: 'keyword'},
      {maxLookahead: 1, recoveryEnabled: false, skipValidations: !validate},
    );
    this.statement = defineStatement(rulesOf(this), vocabulary);
    this.performSelfAnalysis();
  }
}

export class DockerfileGrammar {
  readonly #state: LexerState = {escape: '\\'};
  readonly #vocabulary: Vocabulary;
  readonly #lexer: Lexer;
  readonly #parser: StatementParser;
  readonly #shapeOf: ReadonlyMap<unknown, ArgumentShape>;

  /** `validate` has Chevrotain check the grammar for mistakes of ours, which takes longer than parsing with it. */
  constructor(shapes: ShapeTable, {validate = false}: {validate?: boolean} = {}) {
    this.#vocabulary = createVocabulary(shapes, this.#state);
    this.#lexer = new Lexer(
      {modes: {...this.#vocabulary.modes}, defaultMode: 'keyword'},
      {positionTracking: 'onlyOffset', skipValidations: !validate},
    );
    this.#parser = new StatementParser(this.#vocabulary, validate);
    this.#shapeOf = new Map(argumentShapes.map((shape) => [this.#vocabulary.keywords[shape], shape]));
  }

  /** Parses a logical line, whose end must be free of blanks. Never throws. */
  parse(line: string, escapeCharacter: string): ParsedLine {
    this.#state.escape = escapeCharacter;
    const {tokens} = this.#lexer.tokenize(line);
    this.#parser.input = tokens;
    const instruction = tokens.length === 0 ? undefined : this.#parser.statement();
    const error = this.#parser.errors[0];
    const keywords = tokens.filter((token) => this.#isKeyword(token));
    if (error === undefined) return {instruction, problem: undefined, keywords};
    return {instruction: undefined, problem: this.#problemOf(error, tokens), keywords};
  }

  /** Shape of the instruction that begins with `keyword`; undefined when it is unknown. */
  shapeOf(keyword: IToken): ArgumentShape | undefined {
    return this.#shapeOf.get(keyword.tokenType);
  }

  #isKeyword(token: IToken): boolean {
    return token.tokenType === this.#vocabulary.keywords.unknown || this.#shapeOf.has(token.tokenType);
  }

  #problemOf(error: IRecognitionException, tokens: readonly IToken[]): SyntaxProblem | undefined {
    const token = tokens.includes(error.token) ? error.token : undefined;
    const before = token === undefined ? tokens : tokens.slice(0, tokens.indexOf(token));
    const keyword = before.findLast((each) => this.#isKeyword(each));
    if (keyword === undefined) return undefined;
    const t = this.#vocabulary;
    const shape = this.shapeOf(keyword);
    if (shape === 'image') return {kind: 'image-arguments', keyword, token};
    if (shape !== 'pairs') return {kind: 'array-of-strings', keyword, token};
    return {kind: token?.tokenType === t.bareWord ? 'equals-missing' : 'value-missing', keyword, token};
  }
}

function defineStatement($: RuleTools, t: Vocabulary): Rule<ParsedInstruction> {
  const flags = defineFlags($, t);
  const array = defineArray($, t);
  const line = defineLine($, t);
  const words = defineWords($, t);
  const arrayOrLine = defineArrayOr($, 'arrayOrLine', array, line);
  // `instruction` and `nested` contain each other; Chevrotain records rules by name when the grammar is analysed.
  let instruction: Rule<ParsedInstruction> | undefined;
  const nested = defineNested($, () => instruction ?? fail());
  const rules: Readonly<Record<ArgumentShape, Rule<ParsedArguments>>> = {
    words,
    image: defineImage($, t),
    'array-or-words': defineArrayOr($, 'arrayOrWords', array, words),
    'array-or-line': arrayOrLine,
    'type-and-command': defineTypeAndCommand($, t, arrayOrLine),
    pairs: definePairs($, t),
    declarations: defineDeclarations($, t),
    line,
    nested,
  };
  instruction = defineInstruction($, t, flags, {...rules, unknown: line});
  return $.RULE('statement', () => $.SUBRULE(instruction ?? fail()));
}

/** instruction := one alternative per shape, chosen by the type of the keyword token. */
function defineInstruction(
  $: RuleTools,
  t: Vocabulary,
  flags: Rule<readonly IToken[]>,
  rules: Readonly<Record<ArgumentShape | 'unknown', Rule<ParsedArguments>>>,
): Rule<ParsedInstruction> {
  const alternatives = ([...argumentShapes, 'unknown'] as const).map((shape) => {
    const rule = $.RULE(`instruction(${shape})`, () => ({
      keyword: $.CONSUME(t.keywords[shape]),
      flags: $.SUBRULE(flags),
      arguments: $.SUBRULE(rules[shape]),
    }));
    return {ALT: () => $.SUBRULE(rule)};
  });
  return $.RULE('instruction', () => $.OR(alternatives));
}

function fail(): never {
  throw new Error('the rule "instruction" is used before it is defined');
}
