// Small files, and what does not end at once.

import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {readFile, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {readSmallFile} from '../../src/store/small-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbuild-small-'));
});
afterEach(() => rmSync(directory, {recursive: true}));

const textOf = (bytes: Buffer): string => bytes.toString();

describe('readSmallFile', () => {
  it('reads files of any size whole', async () => {
    for (const size of [0, 5, 256 * 1024, 256 * 1024 + 1]) {
      const path = join(directory, `${size}`);
      writeFileSync(path, 'x'.repeat(size));
      expect(textOf(await readSmallFile(path))).toBe('x'.repeat(size));
    }
  });

  it('fails as reading fails', async () => {
    mkdirSync(join(directory, 'folder'));
    writeFileSync(join(directory, 'file'), '');
    for (const name of ['missing', 'folder', 'file/below', 'missing/below']) {
      const path = join(directory, name);
      const expected = await readFile(path).catch((error: Error) => error.message);
      await expect(readSmallFile(path)).rejects.toThrow(String(expected));
    }
  });

  it('does not hold up the rest while a pipe has nothing to say', async () => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reading = readSmallFile(pipe);
    await writeFile(pipe, 'late');
    expect(textOf(await reading)).toBe('late');
  });
});
