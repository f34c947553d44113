// What the grammar says of one instruction, in terms of the source: words with their places, before anything is known
// about what the instruction means. Readers (src/instructions/*/read.ts) turn statements into instructions.

import {trim} from '../../grammar/blanks.ts';
import {type LogicalLine, placeOf} from '../../grammar/logical-lines.ts';
import type {ParsedInstruction} from '../../grammar/rule-tools.ts';
import {textOf} from '../../grammar/tokens.ts';
import type {Span} from '../diagnostics/span.ts';
import type {Flag, Heredoc, InstructionBase} from './ast.ts';

/** A token of the grammar, as far as this room looks at it. */
type Token = ParsedInstruction['keyword'];

export interface Word {
  readonly text: string;
  readonly span: Span;
}

export interface Statement {
  /** Upper case. */
  readonly keyword: string;
  /** As written. */
  readonly keywordWord: Word;
  readonly flags: readonly Flag[];
  /** Arguments are the elements of a JSON array. */
  readonly json: boolean;
  readonly args: readonly Word[];
  readonly heredocs: readonly Heredoc[];
  /** The instruction inside an ONBUILD. */
  readonly nested?: Statement;
  /** The logical line, with the blanks at its end. */
  readonly line: string;
  readonly span: Span;
  readonly comments: readonly string[];
}

/** Where a part of a logical line stands. */
export function spanOf(line: LogicalLine, start: number, end: number): Span {
  const first = placeOf(line, start);
  const last = placeOf(line, Math.max(start, end - 1));
  return {
    line: first.line,
    column: first.column,
    endLine: last.line,
    endColumn: last.column + (end > start ? 1 : 0),
  };
}

/** Where the logical line begins, which may be above the first character of its text. */
export function startOf({firstLine, segments}: LogicalLine): Pick<Span, 'line' | 'column'> {
  return {line: firstLine, column: segments[0]?.column ?? 0};
}

function wordOf(line: LogicalLine, token: Token): Word {
  const end = token.startOffset + token.image.length;
  return {text: textOf(token), span: spanOf(line, token.startOffset, end)};
}

export function statementOf(
  line: LogicalLine,
  parsed: ParsedInstruction,
  more: {readonly heredocs: readonly Heredoc[]; readonly span: Span},
): Statement {
  const keywordWord = wordOf(line, parsed.keyword);
  const statement: Statement = {
    keyword: keywordWord.text.toUpperCase(),
    keywordWord,
    flags: parsed.flags.map((token) => flagOf(wordOf(line, token))),
    json: parsed.arguments.json,
    args: parsed.arguments.tokens.map((token) => wordOf(line, token)),
    heredocs: more.heredocs,
    line: line.text,
    span: more.span,
    comments: line.comments,
  };
  const {nested} = parsed.arguments;
  return nested === undefined ? statement : {...statement, nested: statementOf(line, nested, more)};
}

/** The members that all instructions have. */
export function instructionBase(statement: Statement): InstructionBase {
  return {
    span: statement.span,
    original: trim(statement.line),
    flags: statement.flags,
    heredocs: statement.heredocs,
    comments: statement.comments,
  };
}

function flagOf({text, span}: Word): Flag {
  const equals = text.indexOf('=');
  return equals < 0
    ? {name: text.slice(2), text, span}
    : {name: text.slice(2, equals), value: text.slice(equals + 1), text, span};
}
