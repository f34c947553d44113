// V8 lets its heap become several times as large as what is in it before it looks for garbage. Of a tree of hundreds of
// thousands of files that is dozens of megabytes, for processor time on other threads; small trees do not need it.

/** Of files of a tree: the heap should not have grown much yet. */
export const manyEntries = 10_000;

let isSmall = false;

/** From now on the heap may grow by 30 % at a time (V8's own flag, read anew by each collection; seen with Node 20). */
export function keepHeapSmall(): void {
  if (isSmall) return;
  isSmall = true;
  process.getBuiltinModule('node:v8').setFlagsFromString('--heap-growing-percent=30');
}
