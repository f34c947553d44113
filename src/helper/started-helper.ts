// What a way of starting the helper gives: HelperProcess speaks with it.

import type {Readable, Writable} from 'node:stream';

/** A helper that was started, and the two ends of the talk with it. */
export interface StartedHelper {
  readonly requests: Writable;
  /** The bytes of a `data` event hold until its listener returns. */
  readonly answers: Readable;
  /** Resolves when it is gone, or could not be started. */
  readonly end: Promise<HelperEnd>;
}

/** Bytes of them that are kept. */
export const lastWordsMax = 4096;

export interface HelperEnd {
  readonly message: string;
  /** What it wrote on its standard error. */
  readonly lastWords: string;
}
