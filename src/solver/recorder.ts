// Results are given to those who wait for them as soon as they are there, and written down behind their start: between
// the end of one step and the beginning of the next is nothing that could as well be done a moment later. Until a
// result is written down nobody else gets the lock of its key, so that whoever waits for it finds it.

import type {LockSpace} from '../store/lock.ts';
import {deferred} from '../util/deferred.ts';
import {SingleFlight} from '../util/single-flight.ts';

/** A result, and how it is written down, if it is. */
export interface Made<T> {
  readonly result: T;
  record?(): Promise<void>;
}

/** Who runs a step that is waited for: this build itself, for an equal step, or another one. */
export type Runner = 'own' | 'other';

export class Recorder<T> {
  readonly #locks: LockSpace;
  readonly #signal: AbortSignal;
  readonly #onLost: (error: unknown) => void;
  readonly #running = new SingleFlight<string, T>();
  readonly #underWay = new Map<string, Promise<void>>();

  /** `onLost` hears of a result that could not be written down: what stands on it must not be either. */
  constructor(locks: LockSpace, signal: AbortSignal, onLost: (error: unknown) => void) {
    this.#locks = locks;
    this.#signal = signal;
    this.#onLost = onLost;
  }

  /** Runs `work` while holding the lock of `key`, once for all who ask meanwhile. */
  locked(
    key: string,
    work: (wanted: Promise<undefined>) => Promise<Made<T>>,
    onWait: (whom: Runner) => void,
  ): Promise<T> {
    const begin = (): Promise<T> => this.#begin(key, work, () => onWait('other'));
    return this.#running.run(key, begin, () => onWait('own'));
  }

  async #begin(
    key: string,
    work: (wanted: Promise<undefined>) => Promise<Made<T>>,
    onWait: () => void,
  ): Promise<T> {
    await this.#underWay.get(key)?.catch(() => {});
    const early = deferred<T>();
    const whole = this.#locks.withLock(
      `step ${key}`,
      this.#signal,
      async (wanted) => {
        const {result, record} = await work(wanted);
        early.resolve(result);
        if (record === undefined) return;
        await new Promise((resolve) => setImmediate(resolve));
        await record().catch((error: unknown) => {
          this.#onLost(error);
          throw error;
        });
      },
      onWait,
    );
    whole.catch(early.reject);
    this.#underWay.set(key, whole);
    return early.promise;
  }

  /** Resolves when everything is written down; rejects when something could not be. */
  async finish(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
  }
}

/** Without a lock: written down at once. */
export async function recorded<T>({result, record}: Made<T>): Promise<T> {
  await record?.();
  return result;
}
