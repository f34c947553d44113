// The only door to the parser library: replacing it, or the way it is loaded, is a change of this file. A plain static
// import, so that esbuild can put it into the bundle; importing costs 13 ms there (README.md has the measurements).

export type {CustomPatternMatcherFunc, ParserMethod, TokenType} from 'chevrotain';
export {
  createToken,
  EmbeddedActionsParser,
  EOF,
  type IRecognitionException,
  type IToken,
  Lexer,
} from 'chevrotain';
