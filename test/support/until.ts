// Waits for what other processes bring about, however slow the machine is, and for no longer than that.

import {setTimeout as sleep} from 'node:timers/promises';

const patienceMs = 60_000;

/** Looks until the condition holds; rejects when it does not come. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > patienceMs) throw new Error(`it never came: ${condition}`);
    await sleep(20);
  }
}
