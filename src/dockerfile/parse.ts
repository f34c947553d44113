// A Dockerfile from its text. Never throws on what a user wrote: every mistake becomes a diagnostic with its place, a
// broken instruction does not hide the others, and the result is there only when nothing is wrong. It is plain data
// (apart from `file`), so it can be kept as JSON.

import {detectDirective, detectSyntax} from '../../grammar/directives.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import {type SourceFile, sourceFile} from '../diagnostics/source-file.ts';
import type {ArgInstruction, Dockerfile, FromInstruction, Instruction, Stage} from './ast.ts';
import type {InstructionReader, Report} from './instruction-reader.ts';
import {nearest} from './nearest.ts';
import {
  type Language,
  languageOf,
  readStatements,
  type StatementList,
  type StatementSlot,
} from './statements.ts';

export interface ParseOptions {
  /** What the keywords mean; the same array every time, since a grammar is built for it once. */
  readonly readers: readonly InstructionReader[];
}

export interface ParseResult {
  /** Absent when a diagnostic is an error. */
  readonly dockerfile?: Dockerfile;
  /** What could be read in spite of the errors. */
  readonly partial: Dockerfile;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The steps of parseDockerfile, apart: for commands that show what the parser sees. */
export interface Analysis extends ParseResult {
  readonly statements: StatementList;
  /** Mistakes in what the instructions say, in the order of the file. */
  readonly meaning: readonly Diagnostic[];
}

export function parseDockerfile(file: SourceFile, options: ParseOptions): ParseResult {
  const {dockerfile, partial, diagnostics} = analyzeDockerfile(file, options);
  return dockerfile === undefined ? {partial, diagnostics} : {dockerfile, partial, diagnostics};
}

export function analyzeDockerfile(file: SourceFile, {readers}: ParseOptions): Analysis {
  const language = languageOf(readers);
  const statements = readStatements(file, language);
  const assembly = new Assembly(file, language, statements.escape);
  for (const slot of statements.slots) assembly.add(slot);
  const meaning = assembly.problems;
  const diagnostics = [...statements.syntax, ...statements.warnings, ...meaning].sort(byPlace);
  const partial: Dockerfile = {
    file,
    escape: statements.escape,
    directives: directivesOf(file.text),
    metaArgs: assembly.metaArgs,
    stages: assembly.stages,
  };
  const isSound = statements.syntax.length + meaning.length === 0;
  return {...(isSound ? {dockerfile: partial} : {}), partial, diagnostics, statements, meaning};
}

/** One instruction from its text, as ONBUILD keeps it in an image. */
export function parseInstructionText(
  text: string,
  {readers}: ParseOptions,
): {readonly instruction?: Instruction; readonly diagnostics: readonly Diagnostic[]} {
  const file = sourceFile('ONBUILD', text);
  const language = languageOf(readers);
  const {slots, syntax, escape: escapeCharacter} = readStatements(file, language);
  const assembly = new Assembly(file, language, escapeCharacter);
  const read = slots.map((slot) => assembly.read(slot));
  const diagnostics = [...syntax, ...assembly.problems].sort(byPlace);
  if (diagnostics.length > 0) return {diagnostics};
  const [instruction] = read;
  if (instruction === undefined || instruction.keyword === 'FROM' || read.length > 1) {
    const message = 'onbuild trigger should be a single expression';
    return {diagnostics: [{severity: 'error', code: 'dockerfile-onbuild', message, file}]};
  }
  return {instruction, diagnostics};
}

class Assembly {
  readonly metaArgs: ArgInstruction[] = [];
  readonly stages: (Stage & {readonly instructions: Instruction[]})[] = [];
  readonly problems: Diagnostic[] = [];
  readonly #file: SourceFile;
  readonly #language: Language;
  readonly #escape: Dockerfile['escape'];
  /** The instruction above the one at hand. */
  #above: StatementSlot | undefined;
  /** A broken line above the first FROM may have been meant as one: what follows it is not called misplaced. */
  #maybeInStage = false;

  constructor(file: SourceFile, language: Language, escapeCharacter: Dockerfile['escape']) {
    this.#file = file;
    this.#language = language;
    this.#escape = escapeCharacter;
  }

  add(slot: StatementSlot): void {
    const instruction = this.read(slot);
    this.#above = slot;
    const stage = this.stages.at(-1);
    if (instruction === undefined) {
      const known = this.#language.readers.has(slot.keyword);
      if (!known || slot.keyword === 'FROM') this.#maybeInStage = true;
      else if (stage === undefined && slot.keyword !== 'ARG') this.#reportMisplaced(slot);
    } else if (instruction.keyword === 'FROM') this.#addStage(instruction);
    else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') this.metaArgs.push(instruction);
    else this.#reportMisplaced(slot);
  }

  read(slot: StatementSlot): Instruction | FromInstruction | undefined {
    if (slot.problem !== undefined) this.problems.push(slot.problem);
    const reader = this.#language.readers.get(slot.keyword);
    const {statement} = slot;
    if (reader === undefined) this.#reportUnknown(slot);
    if (reader === undefined || statement === undefined) return undefined;
    const report: Report = (problem) => this.problems.push({severity: 'error', file: this.#file, ...problem});
    return reader.read(statement, report);
  }

  #addStage(from: FromInstruction): void {
    this.stages.push({name: from.name, from, instructions: []});
  }

  #reportMisplaced(slot: StatementSlot): void {
    if (this.#maybeInStage) return;
    this.#maybeInStage = true;
    this.problems.push({
      severity: 'error',
      code: 'dockerfile-no-stage',
      message: 'no build stage in current context',
      file: this.#file,
      span: slot.keywordSpan,
      hints: [`only ARG may stand above the first FROM, not ${slot.keyword}`],
    });
  }

  #reportUnknown(slot: StatementSlot): void {
    const written = slot.statement?.keywordWord.text ?? slot.keyword;
    const match = nearest(written, this.#language.readers.keys());
    const hints = match === undefined ? this.#unknownHints(slot, written) : [`did you mean ${match}?`];
    this.problems.push({
      severity: 'error',
      code: 'dockerfile-unknown-instruction',
      message: `unknown instruction: ${written}`,
      file: this.#file,
      span: slot.keywordSpan,
      ...(hints.length === 0 ? {} : {hints}),
    });
  }

  /** A line that begins with no keyword was meant to belong to the one above it, or to be a command. */
  #unknownHints({keywordSpan}: StatementSlot, written: string): readonly string[] {
    const above = this.#above?.statement;
    const isBelow =
      above !== undefined && above.span.endLine === keywordSpan.line - 1 && above.heredocs.length === 0;
    const looksContinued = keywordSpan.column > 0 || !/^\w/.test(written);
    if (isBelow && above.keyword !== 'FROM' && looksContinued) {
      return [
        `if it belongs to the ${above.keyword} above, line ${above.span.endLine} must end in ${this.#escape}`,
      ];
    }
    return /^[a-z][\w.-]*$/.test(written) ? [`a command is run with RUN: RUN ${written} …`] : [];
  }
}

function directivesOf(text: string): {readonly syntax?: string; readonly check?: string} {
  const syntax = detectSyntax(text);
  const check = detectDirective(text, 'check');
  return {...(syntax === undefined ? {} : {syntax}), ...(check === undefined ? {} : {check})};
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.span === undefined || b.span === undefined) return 0;
  return a.span.line - b.span.line || a.span.column - b.span.column;
}
