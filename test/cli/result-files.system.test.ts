// Files that tell of a result, written for whoever waits for them.

import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {writeResultFile} from '../../src/cli/result-files.ts';

it('a pipe gets the text in one piece', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tsbuild-result-'));
  try {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    await using reader = await open(path, 'r+');
    const text = 'sha256:'.padEnd(1000, 'f');
    const read = reader.read(Buffer.alloc(2000));
    await writeResultFile('--iidfile', path, text, new AbortController().signal);
    const {buffer, bytesRead} = await read;
    expect(buffer.toString('latin1', 0, bytesRead)).toBe(text);
  } finally {
    rmSync(folder, {recursive: true});
  }
});
