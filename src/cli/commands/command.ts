// What a command of the command line is: a row of data that loads nothing, and the way to the code that acts. The
// parser, --help and "did you mean" all read these rows, so they cannot disagree.

import type {BuildFunction} from '../build-function.ts';
import type {DockerFlag} from '../docker-flags.ts';
import type {FlagValues} from '../flag-values.ts';
import type {Flag} from '../flags.ts';
import type {CliIo} from '../io.ts';

/** One occurrence of a command. */
export interface CommandCall {
  readonly flags: FlagValues;
  readonly operands: readonly string[];
  /** What follows `--`, where `dashes` asks for it. */
  readonly afterDashes: readonly string[];
  readonly io: CliIo;
  readonly interrupt: AbortSignal;
  /** Instead of the engine in src/build, for tests. */
  readonly engine?: BuildFunction;
}

/** Gives the exit code; throws BuildError. */
export type Act = (call: CommandCall) => Promise<number>;

export const sections = ['Build', 'Images', 'Registries', 'Cache and history', 'This machine'] as const;
export type Section = (typeof sections)[number];

export interface Command {
  /** Of one or two words: `images`, `imagetools create`. */
  readonly name: string;
  /** Where `tsbuild --help` lists it. */
  readonly section: Section;
  /** What follows the name, a line for each form: `[FLAGS] IMAGE [COMMAND…]`. */
  readonly usage: readonly string[];
  /** What follows the name in the list of `tsbuild --help`, where that is shorter. */
  readonly shortUsage?: string;
  /** Its line in `tsbuild --help`, without a full stop. */
  readonly summary: string;
  /** The paragraph of its own page; default: the summary. */
  readonly about?: string;
  /** More of its own page, line by line: examples, a table. */
  readonly more?: string;
  readonly flags: readonly Flag[];
  /** Flags that scripts for docker may have. */
  readonly dockerFlags?: readonly DockerFlag[];
  /** Whose arguments they are: all its own; after the first operand a process's; after `--` a process's; not flags at all. */
  readonly arguments?: 'own' | 'process' | 'dashes' | 'raw';
  /** The exit code of a failure, where it is not the usual one. */
  readonly failureCode?: () => Promise<(error: unknown) => number>;
  load(): Promise<Act>;
}
