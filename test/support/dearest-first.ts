// The order in which test files run. Vitest knows how long a file takes only where it has run before, and otherwise
// goes by size; then a short file that takes minutes may begin last, with all other workers idle. These begin first.

import {BaseSequencer, type TestSpecification} from 'vitest/node';

const dearest = [
  'test/e2e/c-program.test.ts',
  'test/native/make-targets.system.test.ts',
  'test/e2e/node-service.test.ts',
  'test/e2e/hostile-input.test.ts',
  'test/e2e/cache-scenarios/cache-scenarios.test.ts',
  'test/e2e/shared-cache.test.ts',
  'test/e2e/shared-mounts.test.ts',
];

export class DearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({moduleId}: TestSpecification): number => {
      const index = dearest.findIndex((path) => moduleId.endsWith(`/${path}`));
      return index === -1 ? dearest.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
