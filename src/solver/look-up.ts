// What is known of a vertex before anything runs.

import type {BuildEvent} from '../progress/events.ts';
import type {Solved} from './op-runner.ts';

/** What the look-up pass found: the result, or the key that a result would have, as far as it can be foreseen. */
export interface LookUp<R> {
  readonly hit?: Solved<R>;
  readonly predictedKey?: string | undefined;
  /** What was looked for, and not found. */
  readonly missed?: Keys;
}

export type Missed = Pick<Extract<BuildEvent, {type: 'step-started'}>, 'miss' | 'key'>;

/** What is known of a step that missed before its inputs are there. */
export interface KnownAhead {
  readonly why?: Missed;
  /** Something is recorded under its keys that is not whole. */
  readonly isTaken?: boolean;
}

export interface Keys {
  /** Every key the result is to be recorded under, the primary one first. */
  readonly all: readonly string[];
  readonly primary: string | undefined;
  readonly parts: readonly string[];
}

export const nothingKnown: Keys = {all: [], primary: undefined, parts: []};

/** What was not found before anything ran. */
export interface Miss<V> {
  readonly vertex: V;
  /** False: it may be found yet, when its inputs are known. May cost a search. */
  isSure(): boolean;
}

/** What solving would find, without doing anything. */
export interface Foreseen<V, R> extends Missed {
  readonly vertex: V;
  /** `unknown`: it may be found once its inputs are made. */
  readonly state: 'hit' | 'miss' | 'unknown';
  readonly hit?: Solved<R>;
}
