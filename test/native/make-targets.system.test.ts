// What the native Makefile can judge the C code by, beside these tests: sanitizers at run time, and three analyzers.

import {spawnSync} from 'node:child_process';
import {describe, expect, it, type TestContext} from 'vitest';
import {needCommand, skip} from '../e2e/requirements.ts';

const native = new URL('../../native/', import.meta.url);

/** Half of clang-tidy's time are the last states of the largest functions: `make lint` and the soak have them. */
const depth = process.env['TSBUILD_SOAK'] === '1' ? [] : ['NODES=75000'];

function make(...targets: readonly string[]): {status: number | null; output: string} {
  const words = ['-n', '5', 'make', '-s', '-j2', ...targets];
  const {status, stdout, stderr} = spawnSync('nice', words, {cwd: native, encoding: 'utf8'});
  return {status, output: stdout + stderr};
}

/** Other versions find other things: these are the ones that the code was judged by. */
function needVersion(test: TestContext, command: string, expected: RegExp): void {
  const {stdout} = spawnSync(needCommand(test, command), ['--version'], {encoding: 'utf8'});
  if (!expected.test(stdout)) skip(test, `${command} is another version than ${expected.source}`);
}

describe('the native code', () => {
  it('passes its checks with AddressSanitizer and UndefinedBehaviorSanitizer', () => {
    expect(make('check')).toEqual({
      status: 0,
      output: expect.stringMatching(/^native: all checks passed$/m),
    });
  }, 1_200_000);

  it("is clean for gcc's analyzer, cppcheck and clang-tidy", (test) => {
    needVersion(test, 'cppcheck', /Cppcheck 2\.10/);
    needVersion(test, 'clang-tidy', /LLVM version 14\./);
    expect(make('lint', ...depth)).toEqual({status: 0, output: ''});
  }, 1_200_000);
});
