// How much runs at once. A slot is held only around leaf work, never while waiting for another vertex: a p-queue `add`
// from inside the only slot would never resolve.

import PQueue from 'p-queue';

export interface Slots {
  /** Runs `work` when a slot is free, higher `priority` first. Rejects without running when aborted while waiting. */
  run<T>(
    work: () => Promise<T>,
    options: {readonly priority: number; readonly signal: AbortSignal},
  ): Promise<T>;
}

export function slots(concurrency: number): Slots {
  const queue = new PQueue({concurrency});
  return {
    run: (work, {priority, signal}) =>
      queue.add(
        () => {
          signal.throwIfAborted();
          return work();
        },
        {priority},
      ),
  };
}
