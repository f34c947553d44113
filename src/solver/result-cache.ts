// Where results of earlier builds are found (implemented by src/cache). `find` is cheap and moves no bytes.

import type {MissReason} from '../progress/events.ts';
import type {Solved} from './op-runner.ts';

export interface NewRecord<R> {
  readonly result: Solved<R> & {readonly key: string};
  /** For people: the step's name. */
  readonly name: string;
  /** What the key was made of, to explain a later miss. */
  readonly ingredients: KeyIngredients;
}

export interface KeyIngredients {
  /** Of keys. */
  readonly format: number;
  readonly op: string;
  /** For each input its result key, or the digests of what is read of it. */
  readonly inputs: readonly string[];
  /** For people: the inputs' names. */
  readonly from: readonly string[];
}

/** A step that was not found. */
export interface MissedStep {
  readonly name: string;
  /** In the Dockerfile. */
  readonly line?: number;
  /** It was told to run (`--no-cache`), and not looked for. */
  readonly isTold: boolean;
  /** What was looked for; none when the step was told to run. */
  readonly keys: readonly string[];
  readonly ingredients: KeyIngredients;
  readonly inputs: readonly {
    readonly name: string;
    /** In the Dockerfile. */
    readonly line?: number;
    readonly byContent: boolean;
    /** It missed in this build, too. */
    readonly hasRun: boolean;
  }[];
}

/** Whose result is looked for, for caches that know it by keys of another kind. */
export interface AskedStep<R> {
  /** Of the vertex. */
  readonly id: string;
  readonly name: string;
  /** What the key that is asked for was made of. */
  readonly ingredients: KeyIngredients;
  /** Values of the inputs that are there. */
  readonly inputs: readonly (R | undefined)[];
}

export interface ResultCache<R> {
  /** What it finds depends on values of inputs: it is asked when they are there. */
  readonly looksAtInputs?: boolean;
  /**
   * The result recorded under `key`, if it is whole; undefined is a miss. `step` is the vertex that it is for; `asked`
   * is told once for a step, with the key that says the most of it.
   */
  find(key: string, step: string, asked?: AskedStep<R>): Promise<Solved<R> | undefined>;
  /** The key that the result of `key` had, though the result may not be there: others may have been built on it. */
  resultKeyOf?(key: string): Promise<string | undefined>;
  /** Whether something was ever recorded under `key`, whole or not. */
  has(key: string): boolean;
  /** The key that consumers build on, when this very value is recorded already. */
  keyOf?(value: R): string | undefined;
  /**
   * The key that consumers build on, of a result that others have made on a result with the key `base`, and that no
   * consumer can tell from `value`. May cost as much as reading it.
   */
  twinKeyOf?(value: R, base: string, signal: AbortSignal): Promise<string | undefined>;
  /** Whether any result of this op is recorded, whatever its inputs were. May look at every record. */
  knowsOp(op: string): boolean;
  /** Why a step was not found, as far as that can be told. Asked for misses only; may look at many records. */
  whyMissed?(missed: MissedStep): Promise<MissReason | undefined>;
  /** Records a durable result under every key; replaces what was there. */
  save(keys: readonly string[], record: NewRecord<R>): Promise<void>;
}
