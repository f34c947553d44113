import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {RecordCache} from '../../src/cache/record-cache.ts';
import type {SnapshotId} from '../../src/snapshot/layer-table.ts';
import type {Snapshotter} from '../../src/snapshot/snapshotter.ts';
import {type Database, openDatabase} from '../../src/store/database.ts';

let folder: string;
let database: Database;
let whole: boolean;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-records-'));
  database = openDatabase(join(folder, 'db'));
  whole = true;
});
afterEach(() => {
  database.close();
  rmSync(folder, {recursive: true, force: true});
});

function cache(): RecordCache {
  const snapshotter = {isWhole: async () => whole} as unknown as Snapshotter;
  return new RecordCache(database, snapshotter, {nowMs: () => 1});
}

function save(key: string, op: string): Promise<void> {
  const value = {type: 'snapshot' as const, snapshot: 's' as SnapshotId};
  return cache().save([key], {
    result: {value, key},
    name: 'RUN',
    ingredients: {format: 1, op, inputs: ['"op":"none"', 'i'], from: ['"op":"none"', 'x']},
  });
}

describe('a record', () => {
  it('is found by its key, and not while its snapshot is not whole', async () => {
    await save('k', 'exec {"args":["a"]}');
    expect(await cache().find('k')).toMatchObject({key: 'k', value: {snapshot: 's'}});
    whole = false;
    expect(await cache().find('k')).toBeUndefined();
    expect(cache().has('k')).toBe(true);
  });

  it('of an earlier version, which says less, is read as one that says so', async () => {
    await save('k', 'exec');
    database.run('UPDATE record SET ingredients = \'{"inputs":["i"],"op":"exec"}\'');
    expect(cache().read('k')?.ingredients).toEqual({format: 1, op: 'exec', inputs: ['i'], from: []});
  });

  it('tells what its step used when it ran', async () => {
    const usage = {wallMs: 1500, cpuMs: 900, memoryBytes: 1 << 20, readBytes: 0, writtenBytes: 512};
    const value = {type: 'snapshot' as const, snapshot: 's' as SnapshotId};
    const ingredients = {format: 1, op: 'exec', inputs: [], from: []};
    await cache().save(['k'], {result: {value, key: 'k', usage}, name: 'RUN', ingredients});
    expect(await cache().find('k')).toEqual({value, key: 'k', usage});
  });

  it('makes its op known, whatever its inputs were, and no other', async () => {
    await save('k', 'exec {"args":["a%"]}');
    expect(cache().knowsOp('exec {"args":["a%"]}')).toBe(true);
    expect(cache().knowsOp('exec {"args":["ab"]}')).toBe(false);
    expect(cache().knowsOp('exec {"args":["a')).toBe(false);
    expect(cache().knowsOp('none')).toBe(false);
  });
});
