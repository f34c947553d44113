// What verdict.mjs gives.

export interface Failure {
  /** From the repository's root; empty: of no file. */
  readonly file: string;
  readonly test: string;
  /** The first lines of what it said. */
  readonly error: readonly string[];
}

export declare const filesMax: number;

export declare function filesToRunAgain(first: readonly Failure[] | undefined): string[];

export declare function verdictOf(
  first: readonly Failure[] | undefined,
  again: readonly Failure[] | undefined,
): {readonly passed: boolean; readonly lines: readonly string[]};
