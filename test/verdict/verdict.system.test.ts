// verdict.mjs on the command line, as .ci/run calls it.

import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, expect, it} from 'vitest';
import {failureOf} from './failures-reporter.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsbuild-verdict-'));
afterAll(() => rmSync(folder, {recursive: true}));

function verdict(task: string, again = 'missing.json'): readonly [number | null, string] {
  const script = fileURLToPath(new URL('verdict.mjs', import.meta.url));
  const args = [script, task, join(folder, 'first.json'), join(folder, again)];
  const {status, stdout} = spawnSync(process.execPath, args, {encoding: 'utf8'});
  return [status, stdout];
}

it('what passes alone is told and is no failure; without a second run it is one', () => {
  expect(verdict('files')).toEqual([0, '']);
  expect(verdict('verdict')).toEqual([1, 'the tests did not come to their end\n']);
  const failure = failureOf('test/a.test.ts', 'is slow', new Error('too late'));
  writeFileSync(join(folder, 'first.json'), JSON.stringify([failure]));
  expect(verdict('files')).toEqual([0, 'test/a.test.ts\n']);
  expect(verdict('verdict')).toEqual([1, 'failed: test/a.test.ts > is slow\n    too late\n']);
  writeFileSync(join(folder, 'again.json'), '[]');
  expect(verdict('verdict', 'again.json')).toEqual([
    0,
    'failed beside the others, passed alone: test/a.test.ts > is slow\n    too late\n',
  ]);
});
