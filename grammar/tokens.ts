// The token vocabulary: one lexer mode per ARGUMENT SHAPE. The keyword of an instruction decides the shape, through a
// table that the caller injects; the grammar itself knows no keyword. Most patterns are functions, because a word of a
// Dockerfile depends on the escape character of the file and on what stands before it.

import {blanksAt, plainWordAt} from './blanks.ts';
import {
  type CustomPatternMatcherFunc,
  createToken,
  type IToken,
  Lexer,
  type TokenType,
} from './chevrotain.ts';
import {isJsonArray, type ScannedWord, scanFlag, scanQuotedWord} from './words.ts';

/** How the arguments of an instruction are written. */
export type ArgumentShape =
  /** Plain words: EXPOSE. */
  | 'words'
  /** One word, or three with AS in the middle: FROM. */
  | 'image'
  /** A JSON array of strings or plain words: COPY. */
  | 'array-or-words'
  /** A JSON array of strings or the rest of the line: RUN. */
  | 'array-or-line'
  /** A word, then a JSON array of strings or the rest of the line: HEALTHCHECK. */
  | 'type-and-command'
  /** `key=value` words, or a key and the rest of the line: ENV. */
  | 'pairs'
  /** Words held together by quotes: ARG. */
  | 'declarations'
  /** The rest of the line: WORKDIR. */
  | 'line'
  /** Another instruction: ONBUILD. */
  | 'nested';

export const argumentShapes: readonly ArgumentShape[] = [
  'words',
  'image',
  'array-or-words',
  'array-or-line',
  'type-and-command',
  'pairs',
  'declarations',
  'line',
  'nested',
];

/** Shape per upper-case keyword. */
export type ShapeTable = ReadonlyMap<string, ArgumentShape>;

/** What the patterns of one lexer share: set before each line. */
export interface LexerState {
  escape: string;
}

export interface Vocabulary {
  readonly keywords: Readonly<Record<ArgumentShape | 'unknown', TokenType>>;
  readonly flag: TokenType;
  readonly flagsEnd: TokenType;
  readonly word: TokenType;
  readonly as: TokenType;
  readonly line: TokenType;
  readonly commandType: TokenType;
  readonly leftBracket: TokenType;
  readonly rightBracket: TokenType;
  readonly comma: TokenType;
  readonly arrayString: TokenType;
  readonly legacyKey: TokenType;
  readonly legacyValue: TokenType;
  readonly pair: TokenType;
  readonly bareWord: TokenType;
  readonly declaration: TokenType;
  readonly modes: Readonly<Record<string, TokenType[]>>;
}

/** The text a token stands for: unquoted where its pattern unquotes, as written otherwise. */
export function textOf(token: IToken): string {
  const payload: unknown = token.payload;
  return typeof payload === 'string' ? payload : token.image;
}

type Pattern = (text: string, offset: number, before: readonly IToken[]) => ScannedWord | undefined;

function token(
  name: string,
  pattern: Pattern,
  more: {push_mode?: string; categories?: TokenType} = {},
): TokenType {
  const match: CustomPatternMatcherFunc = (text, offset, before) => {
    const found = pattern(text, offset, before);
    if (found === undefined || found.end <= offset) return null;
    const result: [string] & {payload?: string} = [text.slice(offset, found.end)];
    result.payload = found.text;
    // Chevrotain asks for a RegExpExecArray and documents that it reads the first element and the payload only.
    return result as unknown as RegExpExecArray;
  };
  return createToken({name, pattern: match, line_breaks: false, ...more});
}

export function createVocabulary(shapes: ShapeTable, state: LexerState): Vocabulary {
  const keywords = createKeywords(shapes);
  const keywordTypes = new Set<TokenType | undefined>(Object.values(keywords));
  const blank = createToken({
    name: 'Blank',
    pattern: (text, offset) => {
      blanksAt.lastIndex = offset;
      return blanksAt.exec(text);
    },
    group: Lexer.SKIPPED,
    line_breaks: false,
  });
  const flag = token('Flag', (text, offset, before) => {
    const last = before.at(-1)?.tokenType;
    if (!text.startsWith('--', offset) || !(last === flag || keywordTypes.has(last))) return undefined;
    const word = scanFlag(text, offset);
    return word.text === '--' ? undefined : word;
  });
  const flagsEnd = token('FlagsEnd', (text, offset, before) => {
    const last = before.at(-1)?.tokenType;
    if (!text.startsWith('--', offset) || !(last === flag || keywordTypes.has(last))) return undefined;
    const word = scanFlag(text, offset);
    return word.text === '--' ? word : undefined;
  });
  const isFirst = (before: readonly IToken[]): boolean => {
    const last = before.at(-1)?.tokenType;
    return last === flag || last === flagsEnd || keywordTypes.has(last);
  };
  const plain = plainTokens(isFirst);
  const array = arrayTokens((before) => isFirst(before) || before.at(-1)?.tokenType === plain.commandType);
  const pairs = pairTokens(isFirst, state);
  const allKeywords = argumentShapes.map((shape) => keywords[shape]).concat(keywords.unknown);
  const start = [blank, flagsEnd, flag];
  return {
    keywords,
    flag,
    flagsEnd,
    ...plain,
    ...array,
    ...pairs,
    modes: {
      keyword: [blank, ...allKeywords],
      unknown: [...start, plain.line],
      words: [...start, plain.word],
      image: [...start, plain.as, plain.word],
      'array-or-words': [...start, array.leftBracket, plain.word],
      'array-or-line': [...start, array.leftBracket, plain.line],
      'type-and-command': [...start, plain.commandType, array.leftBracket, plain.line],
      pairs: [...start, pairs.dangling, pairs.legacyValue, pairs.legacyKey, pairs.pair, pairs.bareWord],
      declarations: [...start, pairs.dangling, pairs.declaration],
      line: [...start, plain.line],
      nested: [...start, ...allKeywords],
      array: [blank, array.arrayString, array.comma, array.rightBracket, array.notString],
    },
  };
}

function plainWord(text: string, offset: number): ScannedWord | undefined {
  plainWordAt.lastIndex = offset;
  const word = plainWordAt.exec(text)?.[0];
  return word === undefined ? undefined : {end: offset + word.length, text: word};
}

function restOfLine(text: string, offset: number): ScannedWord {
  return {end: text.length, text: text.slice(offset)};
}

/** One token type per shape: the keyword token decides the mode, and with it the rule, that follows. */
function createKeywords(shapes: ShapeTable): Record<ArgumentShape | 'unknown', TokenType> {
  const shapeAt = (word: string, isInner: boolean): ArgumentShape | 'unknown' => {
    const shape = shapes.get(word.toUpperCase()) ?? 'unknown';
    // An ONBUILD in an ONBUILD is a mistake whatever it holds. Its arguments are not taken apart, or a line of nothing
    // else would exhaust the stack.
    return isInner && shape === 'nested' ? 'unknown' : shape;
  };
  const keyword = (shape: ArgumentShape | 'unknown'): TokenType =>
    token(
      `Keyword(${shape})`,
      (text, offset, before) => {
        const word = plainWord(text, offset);
        return word !== undefined && shapeAt(word.text, before.length > 0) === shape ? word : undefined;
      },
      {push_mode: shape},
    );
  return {
    words: keyword('words'),
    image: keyword('image'),
    'array-or-words': keyword('array-or-words'),
    'array-or-line': keyword('array-or-line'),
    'type-and-command': keyword('type-and-command'),
    pairs: keyword('pairs'),
    declarations: keyword('declarations'),
    line: keyword('line'),
    nested: keyword('nested'),
    unknown: keyword('unknown'),
  };
}

type IsFirst = (before: readonly IToken[]) => boolean;

function plainTokens(isFirst: IsFirst) {
  const word = token('Word', plainWord);
  return {
    word,
    // `as` in the first or third place is an image or a name like any other, hence the category.
    as: token(
      'As',
      (text, offset, before) => {
        const found = isFirst(before) ? undefined : plainWord(text, offset);
        return found?.text.toLowerCase() === 'as' ? found : undefined;
      },
      {categories: word},
    ),
    line: token('Line', restOfLine),
    commandType: token('CommandType', (text, offset, before) =>
      isFirst(before) ? plainWord(text, offset) : undefined,
    ),
  };
}

function arrayTokens(isFirst: IsFirst) {
  const stringAt = /"(?:[^"\\]|\\.)*"/y;
  return {
    // A line that begins like an array but is none is taken as plain text: `[ "$x" = y ] && z` is a command.
    leftBracket: createToken({
      name: 'LeftBracket',
      pattern: (text, offset, before) =>
        text[offset] === '[' && isFirst(before) && isJsonArray(text.slice(offset)) ? /\[/.exec('[') : null,
      line_breaks: false,
      push_mode: 'array',
    }),
    arrayString: token('ArrayString', (text, offset) => {
      stringAt.lastIndex = offset;
      const image = stringAt.exec(text)?.[0];
      return image === undefined ? undefined : {end: offset + image.length, text: decodeString(image)};
    }),
    comma: createToken({name: 'Comma', pattern: ','}),
    rightBracket: createToken({name: 'RightBracket', pattern: ']'}),
    notString: token('NotString', restOfLine),
  };
}

/** Half of a surrogate pair cannot be written as UTF-8; Go's decoder puts U+FFFD there. */
function decodeString(image: string): string {
  const value: unknown = JSON.parse(image);
  return String(value).replace(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    '\ufffd',
  );
}

function pairTokens(isFirst: IsFirst, state: LexerState) {
  const quoted = (text: string, offset: number) => scanQuotedWord(text, offset, state.escape);
  const legacyKey = token('LegacyKey', (text, offset, before) =>
    isFirst(before) && !quoted(text, offset).text.includes('=') ? plainWord(text, offset) : undefined,
  );
  return {
    legacyKey,
    legacyValue: token('LegacyValue', (text, offset, before) =>
      before.at(-1)?.tokenType === legacyKey ? restOfLine(text, offset) : undefined,
    ),
    pair: token('Pair', (text, offset) => {
      const word = quoted(text, offset);
      return word.text.includes('=') ? word : undefined;
    }),
    bareWord: token('BareWord', quoted),
    declaration: token('Declaration', quoted),
    dangling: createToken({
      name: 'DanglingEscape',
      pattern: (text, offset) =>
        offset === text.length - 1 && text[offset] === state.escape ? /./s.exec(text.charAt(offset)) : null,
      group: Lexer.SKIPPED,
      line_breaks: false,
    }),
  };
}
