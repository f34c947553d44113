// Where results of earlier builds are found (implemented by src/cache). `find` is cheap and moves no bytes.

import type {Solved} from './op-runner.ts';

export interface NewRecord<R> {
  readonly result: Solved<R> & {readonly key: string};
  /** For people: the step's name. */
  readonly name: string;
  /** What the key was made of, to explain a later miss. */
  readonly ingredients: KeyIngredients;
}

export interface KeyIngredients {
  readonly op: string;
  readonly inputs: readonly string[];
}

export interface ResultCache<R> {
  /** The result recorded under `key`, if it is whole; undefined is a miss. */
  find(key: string): Promise<Solved<R> | undefined>;
  /** Whether something was ever recorded under `key`, whole or not. */
  has(key: string): boolean;
  /** Whether any result of this op is recorded, whatever its inputs were. May look at every record. */
  knowsOp(op: string): boolean;
  /** Records a durable result under every key; replaces what was there. */
  save(keys: readonly string[], record: NewRecord<R>): Promise<void>;
}
