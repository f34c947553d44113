// mkdir -p where it works, where somebody was faster, and where the kernel refuses.

import {mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, it} from 'vitest';
import {makeDirectories} from '../../src/store/make-directories.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsbuild-mkdir-'));
afterAll(() => rmSync(folder, {recursive: true}));

it('makes what is missing, with the mode, and is content with what is there', () => {
  makeDirectories(join(folder, 'a/b/c'), 0o700);
  makeDirectories(join(folder, 'a/b/c'), 0o700);
  expect(statSync(join(folder, 'a/b')).mode & 0o777).toBe(0o700);
});

it('ends with an error in /proc, where every mkdir says ENOENT', () => {
  expect(() => makeDirectories('/proc/tsbuild/a/b')).toThrow(/ENOENT|EACCES|EPERM/);
});

it('ends with an error where a file is in the way', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeDirectories(join(folder, 'file/a'))).toThrow(/ENOTDIR/);
  expect(() => makeDirectories(join(folder, 'file'))).toThrow(/EEXIST/);
});
