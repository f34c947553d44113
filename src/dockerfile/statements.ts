// Text to statements: drives the line reader and the grammar over a file, reads heredoc bodies where they are opened,
// and collects what is wrong with the syntax. What instructions mean is not looked at.

import {trimEnd} from '../../grammar/blanks.ts';
import {DockerfileGrammar, type SyntaxProblem} from '../../grammar/dockerfile-parser.ts';
import {type LineProblem, LineReader, type LogicalLine} from '../../grammar/logical-lines.ts';
import type {ParsedInstruction} from '../../grammar/rule-tools.ts';
import {textOf} from '../../grammar/tokens.ts';
import {VariableGrammar} from '../../grammar/variables.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Span} from '../diagnostics/span.ts';
import type {Heredoc} from './ast.ts';
import {chompTabs, type HeredocOpening, heredocsOf} from './heredoc.ts';
import type {InstructionReader} from './instruction-reader.ts';
import {type Statement, spanOf, startOf, statementOf} from './statement.ts';
import {useWordGrammar} from './word-grammar.ts';

/** A grammar with its keywords. */
export interface Language {
  readonly readers: ReadonlyMap<string, InstructionReader>;
  readonly grammar: DockerfileGrammar;
}

/** A statement, or the place of one that the grammar refused. */
export interface StatementSlot {
  readonly statement?: Statement;
  readonly keyword: string;
  readonly keywordSpan: Span;
  /** Where the instruction begins: above its keyword, when nothing but continuations stand there. */
  readonly firstLine: number;
  /** What is wrong with it and is told together with the meaning, not with the syntax (see `StatementList.syntax`). */
  readonly problem?: Diagnostic;
}

export interface StatementList {
  readonly slots: readonly StatementSlot[];
  readonly escape: '\\' | '`';
  /** Mistakes that keep docker from reading the file at all; it tells these before any other. */
  readonly syntax: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
  readonly linesCount: number;
}

/**
 * What a file may hold. Docker has no such limits; an image has at most 127 layers, though, and a file beyond these was
 * not made to be built. They keep the time that any file can take small.
 */
export const instructionsMax = 5000;
/** Flags and arguments, of which the text of a command is one, and the characters that expansion looks at. */
const wordsMax = 100_000;

const languages = new WeakMap<readonly InstructionReader[], Language>();

/** The language of these readers; built on first use, since building the grammar takes longer than using it. */
export function languageOf(readers: readonly InstructionReader[]): Language {
  const known = languages.get(readers);
  if (known !== undefined) return known;
  // Heredocs are found with the grammar of words, so whoever reads a Dockerfile has it loaded, too.
  useWordGrammar(() => new VariableGrammar());
  const language: Language = {
    readers: new Map(readers.map((reader) => [reader.keyword, reader])),
    grammar: new DockerfileGrammar(new Map(readers.map(({keyword, shape}) => [keyword, shape]))),
  };
  languages.set(readers, language);
  return language;
}

export function readStatements(file: SourceFile, language: Language): StatementList {
  const run = new StatementRun(file, language);
  for (let line = run.lines.next(); line !== undefined; line = run.lines.next()) run.add(line);
  return run.finish();
}

class StatementRun {
  readonly lines: LineReader;
  readonly #file: SourceFile;
  readonly #language: Language;
  readonly #slots: StatementSlot[] = [];
  readonly #syntax: Diagnostic[] = [];
  readonly #warnings: Diagnostic[] = [];
  #wordsCount = 0;

  constructor(file: SourceFile, language: Language) {
    this.#file = file;
    this.#language = language;
    this.lines = new LineReader(file.text);
  }

  add(line: LogicalLine): void {
    if (line.emptyContinuation) {
      this.#warnings.push({
        severity: 'warning',
        code: 'NoEmptyContinuation',
        message: `Empty continuation line found in: ${line.text}`,
        file: this.#file,
        span: this.#wholeLine(line.lastLine),
      });
    }
    if (this.#slots.length === instructionsMax) {
      const message = `more than ${instructionsMax} instructions`;
      this.#fail('dockerfile-too-many-instructions', message, this.#wholeLine(line.firstLine));
      this.lines.stop();
      return;
    }
    const parsed = this.#language.grammar.parse(trimEnd(line.text), this.lines.escape);
    const first = parsed.keywords[0];
    const keyword = first === undefined ? '' : textOf(first).toUpperCase();
    const keywordSpan =
      first === undefined ? spanOf(line, 0, line.text.length) : spanOf(line, first.startOffset, endOf(first));
    const slot = {keyword, keywordSpan, firstLine: line.firstLine};
    if (parsed.instruction !== undefined) {
      this.#addStatement(line, parsed.instruction, slot);
    } else if (parsed.problem?.kind === 'image-arguments') {
      this.#slots.push({...slot, problem: this.#describe(line, parsed.problem)});
    } else {
      if (parsed.problem !== undefined) this.#syntax.push(this.#describe(line, parsed.problem));
      this.#slots.push(slot);
    }
  }

  finish(): StatementList {
    for (const problem of this.lines.problems) this.#syntax.push(this.#describeLine(problem));
    if (this.#slots.length === 0 && this.#syntax.length === 0) {
      this.#syntax.push({
        severity: 'error',
        code: 'dockerfile-empty',
        message: 'file with no instructions',
        file: this.#file,
        span: this.#wholeLine(Math.max(1, this.lines.linesRead)),
      });
    }
    return {
      slots: this.#slots,
      escape: this.lines.escape,
      syntax: this.#syntax.sort((a, b) => (a.span?.line ?? 0) - (b.span?.line ?? 0)),
      warnings: this.#warnings,
      linesCount: this.lines.linesRead,
    };
  }

  #addStatement(line: LogicalLine, parsed: ParsedInstruction, slot: StatementSlot): void {
    this.#wordsCount += parsed.flags.length + parsed.arguments.tokens.length + specialsIn(line.text);
    const heredocs = this.#readHeredocs(line, parsed);
    for (const {expand, raw} of heredocs ?? []) if (expand) this.#wordsCount += specialsIn(raw);
    if (this.#wordsCount > wordsMax) {
      const message = `more than ${wordsMax} words, variables and quotes in all instructions`;
      this.#fail('dockerfile-too-many-words', message, this.#wholeLine(line.firstLine));
      this.lines.stop();
      return;
    }
    if (heredocs === undefined) {
      this.#slots.push(slot);
      return;
    }
    const text = trimEnd(line.text);
    const end = {...spanOf(line, 0, text.length), ...startOf(line)};
    const lastLine = this.lines.linesRead;
    const span: Span =
      lastLine === end.endLine
        ? end
        : {...end, endLine: lastLine, endColumn: this.#file.line(lastLine)?.length ?? 0};
    this.#slots.push({...slot, statement: statementOf(line, parsed, {heredocs, span})});
  }

  /** Undefined when a body has no end, or its name cannot be read. */
  #readHeredocs(line: LogicalLine, parsed: ParsedInstruction): readonly Heredoc[] | undefined {
    if (!line.text.includes('<<') || !this.#mayOpenHeredoc(parsed)) return [];
    const openings = heredocsOf(line.text);
    const heredocs: Heredoc[] = [];
    if ('error' in openings) {
      this.#fail('dockerfile-heredoc-name', openings.error, spanOf(line, 0, trimEnd(line.text).length));
      return undefined;
    }
    for (const opening of openings) {
      const raw = this.lines.readHeredoc(opening.name, opening.chomp);
      if (raw === undefined) {
        this.#reportUnterminated(line, opening);
        return undefined;
      }
      heredocs.push({...opening, content: opening.chomp ? chompTabs(raw) : raw, raw});
    }
    return heredocs;
  }

  #mayOpenHeredoc(parsed: ParsedInstruction): boolean {
    const shape = this.#language.grammar.shapeOf(parsed.keyword);
    const inner = shape === 'nested' ? (parsed.arguments.nested ?? parsed) : parsed;
    if (inner.arguments.json) return false;
    return this.#language.readers.get(textOf(inner.keyword).toUpperCase())?.heredoc === true;
  }

  #reportUnterminated(line: LogicalLine, {name}: HeredocOpening): void {
    const at = Math.max(0, line.text.indexOf('<<'));
    const named = line.text.indexOf(name, at);
    const span = named < 0 ? spanOf(line, at, at + 2) : spanOf(line, named, named + name.length);
    const almost = this.#indentedEnd(name, line.lastLine);
    const hint =
      almost === undefined
        ? `add a line with nothing but ${name} at the end of the text`
        : `line ${almost} would be the end if there were no blanks around ${name}`;
    this.#fail('dockerfile-unterminated-heredoc', 'unterminated heredoc', span, [hint]);
  }

  /** The line behind `last` that has `name` and blanks. */
  #indentedEnd(name: string, last: number): number | undefined {
    const {text} = this.#file;
    let start = 0;
    for (let line = 1; line <= last; line++) start = text.indexOf('\n', start) + 1;
    const literal = name.replace(/[^\w]/g, '\\$&');
    const at = text.slice(start).search(new RegExp(`^[ \\t]+${literal}[ \\t\\r]*$`, 'm'));
    return at < 0 ? undefined : last + 1 + text.slice(start, start + at).split('\n').length - 1;
  }

  #describe(line: LogicalLine, {kind, keyword, token}: SyntaxProblem): Diagnostic {
    const name = textOf(keyword).toUpperCase();
    const place = token ?? keyword;
    const span = spanOf(line, place.startOffset, endOf(place));
    switch (kind) {
      case 'image-arguments':
        return this.#error('dockerfile-from-arguments', 'FROM requires either one or three arguments', span, [
          'write FROM image, or FROM image AS name',
        ]);
      case 'value-missing':
        return this.#error('dockerfile-value-missing', `${name} must have two arguments`, span, [
          `write ${name} name=value`,
        ]);
      case 'equals-missing': {
        const word = JSON.stringify(token === undefined ? '' : textOf(token));
        const message = `Syntax error - can't find = in ${word}. Must be of the form: name=value`;
        return this.#error('dockerfile-equals-missing', message, span, [
          'quote a value that contains blanks: name="first second"',
        ]);
      }
      case 'array-of-strings':
        return this.#error(
          'dockerfile-array-of-strings',
          'when using JSON array syntax, arrays must be comprised of strings only',
          span,
          ['put double quotes around each element'],
        );
    }
  }

  #describeLine({kind, line, detail}: LineProblem): Diagnostic {
    const span = this.#wholeLine(line);
    switch (kind) {
      case 'repeated-directive':
        return this.#error('dockerfile-directive', `only one ${detail} parser directive can be used`, span);
      case 'bad-escape':
        return this.#error(
          'dockerfile-directive',
          `invalid escape token '${detail}' does not match \` or \\`,
          span,
        );
      case 'line-too-long': {
        const message = `dockerfile line greater than max allowed size of ${detail}`;
        return this.#error('dockerfile-line-too-long', message, span);
      }
      case 'instruction-too-long': {
        const message = `instruction longer than ${detail} characters`;
        return this.#error('dockerfile-instruction-too-long', message, span, [
          'COPY a file in that holds the text',
        ]);
      }
    }
  }

  #fail(code: string, message: string, span: Span, hints?: readonly string[]): void {
    this.#syntax.push(this.#error(code, message, span, hints));
  }

  #error(code: string, message: string, span: Span, hints?: readonly string[]): Diagnostic {
    const error = {severity: 'error', code, message, file: this.#file, span} as const;
    return hints === undefined ? error : {...error, hints};
  }

  #wholeLine(line: number): Span {
    const text = this.#file.line(line) ?? '';
    return {line, column: 0, endLine: line, endColumn: text.length};
  }
}

function specialsIn(text: string): number {
  let count = 0;
  for (const character of ['$', '\\', '"', "'"]) {
    for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  }
  return count;
}

function endOf(token: ParsedInstruction['keyword']): number {
  return token.startOffset + token.image.length;
}
