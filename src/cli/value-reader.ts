// Flags' values as they are read: every bad one is kept, so that all are told of at once.

import {BuildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {FlagValues} from './flag-values.ts';
import {isProblem, type Problem} from './values/problem.ts';

export class ValueReader {
  readonly flags: FlagValues;
  readonly #problems: Diagnostic[] = [];

  constructor(flags: FlagValues) {
    this.flags = flags;
  }

  report(message: string, hint?: string): void {
    const hints = hint === undefined ? {} : {hints: [hint]};
    this.#problems.push({severity: 'error', code: 'cli-bad-value', message, ...hints});
  }

  /** Every good value of a repeatable flag. */
  each<T extends object | string>(flag: string, parse: (text: string) => T | Problem): T[] {
    const values: T[] = [];
    for (const text of this.flags.all(flag)) {
      const value = parse(text);
      if (typeof value === 'object' && isProblem(value)) this.report(value.problem);
      else values.push(value as T);
    }
    return values;
  }

  throwProblems(): void {
    const [first, ...others] = this.#problems;
    if (first !== undefined) throw new BuildError('usage', [first, ...others]);
  }
}
