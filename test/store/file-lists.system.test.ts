import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type Database, openDatabase} from '../../src/store/database.ts';
import {FileLists} from '../../src/store/file-lists.ts';

let folder: string;
let database: Database;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-lists-'));
  database = openDatabase(join(folder, 'db'));
});
afterEach(() => {
  database.close();
  rmSync(folder, {recursive: true, force: true});
});

describe('FileLists', () => {
  it('keeps a list once', () => {
    const lists = new FileLists(database, {nowMs: () => 5});
    lists.keep('d', () => Buffer.from('one'));
    lists.keep('d', () => Buffer.from('two'));
    expect(Buffer.from(lists.get('d') ?? []).toString()).toBe('one');
    expect(lists.get('e')).toBeUndefined();
  });

  it('drops the oldest when there are too many', () => {
    let now = 1_700_000_000_000;
    const lists = new FileLists(database, {nowMs: () => now++});
    for (let index = 0; index <= 400; index++) lists.keep(`d${index}`, () => Buffer.from('x'));
    expect(lists.get('d0')).toBeUndefined();
    expect(lists.get('d1')).toBeDefined();
    expect(lists.get('d400')).toBeDefined();
  });

  it('drops the oldest when they are too large together, but never the newest', () => {
    let now = 1;
    const lists = new FileLists(database, {nowMs: () => now++});
    lists.keep('small', () => Buffer.from('x'));
    lists.keep('huge', () => Buffer.alloc(33 << 20));
    expect(lists.get('small')).toBeUndefined();
    expect(lists.get('huge')).toHaveLength(33 << 20);
  });
});
