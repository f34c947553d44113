import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {BackendServices, CacheBackend} from '../../../../src/cache/backends/backend.ts';
import {localBackend} from '../../../../src/cache/backends/local/local-backend.ts';

const {signal} = new AbortController();
let folder: string;
let backend: CacheBackend;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-local-'));
  mkdirSync(join(folder, 'records'));
  const services = {workingDirectory: folder} as unknown as BackendServices;
  backend = localBackend.create(new Map([['src', '.']]), services, 'from');
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

describe('a directory that somebody else wrote', () => {
  it('has documents, and none where none is', async () => {
    writeFileSync(join(folder, 'records/r-1'), 'one');
    expect(Buffer.from((await backend.read('r-1', signal)) ?? '').toString()).toBe('one');
    expect(await backend.read('r-2', signal)).toBeUndefined();
    expect(await backend.buildkit?.(signal)).toEqual([]);
  });

  it('cannot fill the memory', async () => {
    for (const name of ['records/r-1', 'index.json']) {
      writeFileSync(join(folder, name), '');
      truncateSync(join(folder, name), 5 * 1024 * 1024);
    }
    await expect(backend.read('r-1', signal)).rejects.toThrow(/r-1 is no file of 4194304 bytes at most/);
    await expect(backend.buildkit?.(signal)).rejects.toThrow(/index.json is no file/);
  });

  it('cannot keep anybody waiting for what is no file', async () => {
    expect(spawnSync('mkfifo', [join(folder, 'records/r-1')]).status).toBe(0);
    await expect(backend.read('r-1', signal)).rejects.toThrow(/is no file/);
  });
});
