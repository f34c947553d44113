import {availableParallelism} from 'node:os';
import {fileURLToPath} from 'node:url';
import {defineConfig} from 'vitest/config';
import {DearestFirst} from './test/support/dearest-first.ts';

// Three projects: `unit` (pure rooms, memory fakes, no spawn), `system` (real files, the native helper, a real
// registry) and `e2e` (the built binary on whole builds). `npm run check` runs unit only; `npm test` runs all.
// Chevrotain's entry is 860 modules and takes seconds to import on a busy machine; the single file it ships does not.
const resolve = {
  alias: {
    chevrotain: fileURLToPath(new URL('node_modules/chevrotain/lib/chevrotain.min.mjs', import.meta.url)),
  },
};

// Only what hangs is to be ended: machines that have other work take many times as long as one that has none.
const testTimeout = 300_000;

export default defineConfig({
  test: {
    // One more than there are processors, of all projects together: most files wait for processes, disks and networks
    // for half of their time.
    maxWorkers: availableParallelism() + 1,
    sequence: {sequencer: DearestFirst},
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          // A worker for each of 150 small files costs five times what the tests themselves take; these keep no state.
          pool: 'threads',
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.system.test.ts', 'test/e2e/**'],
          // The first test of a file may import a hundred modules, on a machine that has other work.
          testTimeout: 60_000,
        },
      },
      {
        resolve,
        test: {
          name: 'system',
          // As above: a process for each file costs more than a second of processor time before its first test.
          isolate: false,
          globalSetup: ['test/support/packages.mjs'],
          include: ['test/**/*.system.test.ts'],
          exclude: ['test/e2e/**'],
          testTimeout,
          hookTimeout: testTimeout,
        },
      },
      {
        resolve,
        test: {
          name: 'e2e',
          // As above: they keep what they share with others in files and processes of their own.
          isolate: false,
          globalSetup: ['test/support/packages.mjs'],
          include: ['test/e2e/**/*.test.ts'],
          testTimeout,
          // Base images are made, and whole projects built, with what comes through the network.
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
