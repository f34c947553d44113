// The helper's tests in C, of its files that are pure: built with sanitizers, in a folder of their own.

import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {needCommand} from '../e2e/requirements.ts';

it('hold, and no sanitizer has anything to report', (test) => {
  needCommand(test, 'make');
  needCommand(test, 'gcc');
  const build = mkdtempSync(join(tmpdir(), 'tsbuild-native-unit-'));
  try {
    const args = ['--no-print-directory', '-C', 'native', 'unit', 'SANITIZE=1', `BUILD=${build}`];
    expect(execFileSync('make', args, {encoding: 'utf8'})).toMatch(/^cgroup_values: all \d+ rows hold$/m);
  } finally {
    rmSync(build, {recursive: true});
  }
});
