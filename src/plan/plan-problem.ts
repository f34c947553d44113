// A mistake of the user met while one instruction is lowered. Thrown where it is found, caught by whoever knows the
// instruction, who adds the place and goes on with the next one. Never leaves this room and the instructions.

import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Span} from '../diagnostics/span.ts';

export class PlanProblem extends Error {
  override readonly name = 'PlanProblem';
  readonly code: string;
  readonly hints: readonly string[];

  constructor(code: string, message: string, hints: readonly string[] = []) {
    super(message);
    this.code = code;
    this.hints = hints;
  }
}

/** The errors found so far, in the order of the file. */
export class ProblemList {
  readonly diagnostics: Diagnostic[] = [];
  readonly #file: SourceFile;

  constructor(file: SourceFile) {
    this.#file = file;
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
      ...(span === undefined ? {} : {span}),
      ...(problem.hints.length === 0 ? {} : {hints: problem.hints}),
    });
  }
}
