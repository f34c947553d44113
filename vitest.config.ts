import {fileURLToPath} from 'node:url';
import {defineConfig} from 'vitest/config';

// Three projects: `unit` (pure rooms, memory fakes, no spawn), `system` (real files, the native helper, a real
// registry) and `e2e` (the built binary on whole builds). `npm run check` runs unit only; `npm test` runs all.
// Chevrotain's entry is 860 modules and takes seconds to import on a busy machine; the single file it ships does not.
const resolve = {
  alias: {
    chevrotain: fileURLToPath(new URL('node_modules/chevrotain/lib/chevrotain.min.mjs', import.meta.url)),
  },
};

export default defineConfig({
  test: {
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
        },
      },
      {
        resolve,
        test: {
          name: 'system',
          globalSetup: ['test/support/packages.ts'],
          include: ['test/**/*.system.test.ts'],
          exclude: ['test/e2e/**'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        test: {
          name: 'e2e',
          globalSetup: ['test/support/packages.ts'],
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 600_000,
          // Two at once, on however many processors: each is a build with processes of its own.
          maxWorkers: 2,
          sequence: {groupOrder: 1},
        },
      },
    ],
  },
});
