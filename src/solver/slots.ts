// How much runs at once. A slot is held only around leaf work, never while waiting for another vertex: who asks for one
// from inside the only slot would never get it.

export interface Slots {
  /** Runs `work` when a slot is free, higher `priority` first. Rejects without running when aborted while waiting. */
  run<T>(
    work: () => Promise<T>,
    options: {readonly priority: number; readonly signal: AbortSignal},
  ): Promise<T>;
}

export function slots(concurrency: number): Slots {
  let free = concurrency;
  /** Who comes next is first. */
  const waiting: {readonly priority: number; readonly begin: () => void}[] = [];
  const turn = (priority: number): Promise<void> =>
    new Promise((begin) => {
      const behind = waiting.findIndex((other) => other.priority < priority);
      waiting.splice(behind < 0 ? waiting.length : behind, 0, {priority, begin});
    });
  return {
    async run(work, {priority, signal}) {
      if (free > 0) free--;
      else await turn(priority);
      try {
        signal.throwIfAborted();
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next.begin();
      }
    },
  };
}
