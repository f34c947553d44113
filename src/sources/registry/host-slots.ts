// How many blobs are fetched from one registry at once: registries punish more, and a disk gains nothing from it.
// A plain semaphore in order of arrival; requests for manifests and tokens are small and need no slot.

import {type Deferred, deferred} from '../../util/deferred.ts';

export class HostSlots {
  readonly #perHost: number;
  readonly #busy = new Map<string, number>();
  readonly #waiting = new Map<string, Deferred<void>[]>();

  constructor(perHost: number) {
    this.#perHost = perHost;
  }

  /** Resolves when a slot is free, to a function that gives it back. Rejects with the signal's reason. */
  async take(host: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const busy = this.#busy.get(host) ?? 0;
    if (busy < this.#perHost) this.#busy.set(host, busy + 1);
    else await this.#queue(host, signal);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#release(host);
    };
  }

  async #queue(host: string, signal: AbortSignal): Promise<void> {
    const turn = deferred<void>();
    const queue = this.#waiting.get(host) ?? [];
    this.#waiting.set(host, queue);
    queue.push(turn);
    // A signal of its own: Node takes many listeners of one signal for a leak.
    const own = AbortSignal.any([signal]);
    const aborted = (): void => {
      const index = queue.indexOf(turn);
      if (index < 0) return;
      queue.splice(index, 1);
      turn.reject(signal.reason);
    };
    own.addEventListener('abort', aborted, {once: true});
    try {
      await turn.promise;
    } finally {
      own.removeEventListener('abort', aborted);
    }
  }

  /** A freed slot goes to whoever waits longest, without being counted free in between. */
  #release(host: string): void {
    const next = this.#waiting.get(host)?.shift();
    if (next !== undefined) next.resolve();
    else this.#busy.set(host, (this.#busy.get(host) ?? 1) - 1);
  }
}
