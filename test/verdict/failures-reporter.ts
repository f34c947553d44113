// Writes down for .ci/run what failed, for verdict.mjs to read: beside the reporter that shows it, since of a long log
// only the end may be kept. The file is named by TSBUILD_FAILURES.

import {writeFileSync} from 'node:fs';
import {stripVTControlCharacters} from 'node:util';
import type {Reporter, TestModule, TestRunEndReason} from 'vitest/node';
import type {Failure} from './verdict.mjs';

const linesMax = 3;
const columnsMax = 180;

export default class FailuresReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandled: readonly {readonly message: string}[],
    reason: TestRunEndReason,
  ): void {
    const path = process.env['TSBUILD_FAILURES'];
    // A run that did not come to its end leaves nothing, and fails so.
    if (path === undefined || modules.length === 0 || reason === 'interrupted') return;
    const outside = unhandled.map((error) => failureOf('', 'outside of all tests', error));
    writeFileSync(path, JSON.stringify([...modules.flatMap(failuresOf), ...outside]));
  }
}

/** Of a hook that fails, its suite has the error, and the tests in it are skipped. */
function failuresOf(module: TestModule): Failure[] {
  const file = module.relativeModuleId;
  const suites = [...module.children.allSuites()];
  const tests = [...module.children.allTests('failed')];
  return [
    ...module.errors().map((error) => failureOf(file, 'before or after its tests', error)),
    ...suites.flatMap((suite) => suite.errors().map((error) => failureOf(file, suite.fullName, error))),
    ...tests.map((test) => failureOf(file, test.fullName, test.result().errors?.[0])),
  ];
}

export function failureOf(
  file: string,
  test: string,
  error: {readonly message: string} | undefined,
): Failure {
  const lines = stripVTControlCharacters(error?.message ?? 'it tells no error').split('\n');
  const told = lines.filter((line) => line.trim() !== '').map((line) => line.slice(0, columnsMax));
  return {file, test, error: told.slice(0, linesMax)};
}
