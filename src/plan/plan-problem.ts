// A mistake of the user met while one instruction is lowered. Thrown where it is found, caught by whoever knows the
// instruction, who adds the place and goes on with the next one. Never leaves this room and the instructions.

import {BuildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Span} from '../diagnostics/span.ts';

export class PlanProblem extends Error {
  override readonly name = 'PlanProblem';
  readonly code: string;
  readonly hints: readonly string[];
  /** What of the instruction is meant, as it is written there. */
  readonly word: string | undefined;

  constructor(code: string, message: string, hints: readonly string[] = [], word?: string) {
    super(message);
    this.code = code;
    this.hints = hints;
    this.word = word;
  }

  /** The same about one word of the instruction, unless it is about one already. */
  at(word: string): PlanProblem {
    return new PlanProblem(this.code, this.message, this.hints, this.word ?? word);
  }
}

/** Runs `work`, all of which is about `word`. */
export function about<T>(word: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof PlanProblem ? error.at(word) : error;
  }
}

/** The errors found so far, in the order of the file. */
export class ProblemList {
  readonly diagnostics: Diagnostic[] = [];
  readonly #file: SourceFile;
  readonly #surveys: boolean;

  constructor(file: SourceFile, surveys = false) {
    this.#file = file;
    this.#surveys = surveys;
  }

  /** Throws all errors found so far; a survey goes on. */
  endPhase(): void {
    if (!this.#surveys) this.throwIfAny();
  }

  throwIfAny(): void {
    const [first, ...rest] = this.diagnostics;
    if (first !== undefined) throw new BuildError('user', [first, ...rest]);
  }

  /** Runs `work`; a PlanProblem becomes an error at `span`, and the result is undefined. */
  collect<T>(span: Span, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof PlanProblem)) throw error;
      this.add(span, error);
      return undefined;
    }
  }

  add(span: Span | undefined, problem: PlanProblem): void {
    this.diagnostics.push({
      severity: 'error',
      code: problem.code,
      message: problem.message,
      file: this.#file,
      ...(span === undefined ? {} : {span: placeOf(problem.word, span, this.#file)}),
      ...(problem.hints.length === 0 ? {} : {hints: problem.hints}),
    });
  }
}

/** Where `word` stands in `span`: the first place where it is a word, or a part of one; `span` when there is none. */
function placeOf(word: string | undefined, span: Span, file: SourceFile): Span {
  if (word === undefined || word === '') return span;
  const literal = word.replace(/[^\w]/gu, '\\$&');
  for (const pattern of [
    new RegExp(`(?<![^\\s"'=,])${literal}(?![^\\s"',])`, 'g'),
    new RegExp(literal, 'g'),
  ]) {
    for (let line = span.line; line <= span.endLine; line++) {
      // Never the keyword.
      pattern.lastIndex = line === span.line ? span.column + 1 : 0;
      const column = pattern.exec(file.line(line) ?? '')?.index;
      if (column !== undefined) return {line, column, endLine: line, endColumn: column + word.length};
    }
  }
  return span;
}
