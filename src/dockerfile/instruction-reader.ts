// The syntactic half of an instruction: which shape its arguments have, which flags it knows, and how its words become
// a typed instruction. Implemented once per keyword in src/instructions/<keyword>/read.ts and handed to the parser, so
// that a new instruction is a new folder and no change here.

import type {ArgumentShape} from '../../grammar/tokens.ts';
import type {Span} from '../diagnostics/span.ts';
import type {FromInstruction, Instruction, Keyword} from './ast.ts';
import type {Statement} from './statement.ts';

export type {ArgumentShape};

export interface Problem {
  readonly code: string;
  /** BuildKit's words, so that scripts which look for them find them. */
  readonly message: string;
  readonly span: Span;
  readonly hints?: readonly string[];
}

export type Report = (problem: Problem) => void;

/** `switch`: bare, `=true` or `=false`; `text`: one value; `list`: may be repeated. */
export type FlagKind = 'switch' | 'text' | 'list';

export interface InstructionReader {
  readonly keyword: Keyword;
  readonly shape: ArgumentShape;
  /** Flags by name, without dashes. */
  readonly flags: Readonly<Record<string, FlagKind>>;
  /** The words may open heredocs. */
  readonly heredoc: boolean;
  /** Reports every mistake and gives undefined if there is one. Never throws. */
  read(statement: Statement, report: Report): Instruction | FromInstruction | undefined;
}
