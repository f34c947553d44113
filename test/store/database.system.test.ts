import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type LibsqlDatabase from 'libsql';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type Database, openDatabase, readForeignBlobs} from '../../src/store/database.ts';
import {schemaVersion} from '../../src/store/schema.ts';

const Libsql = createRequire(import.meta.url)('libsql') as typeof LibsqlDatabase;

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'tsbuild-database-')), 'state.db');
});
afterEach(() => {
  rmSync(join(path, '..'), {recursive: true, force: true});
});

function writtenBy(...statements: readonly string[]): void {
  const native = new Libsql(path);
  for (const statement of statements) native.exec(statement);
  native.close();
}

function versionOf(): unknown {
  const database = openDatabase(path);
  const version = database.get('PRAGMA user_version');
  database.close();
  return version?.['user_version'];
}

it('a new database has the format of today', () => {
  expect(versionOf()).toBe(schemaVersion);
});

it('a database of format 1 is brought up, and keeps its records', () => {
  const columns =
    'key TEXT PRIMARY KEY, result_key TEXT NOT NULL, snapshot TEXT NOT NULL, name TEXT NOT NULL, ' +
    'ingredients TEXT NOT NULL, created_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL';
  const layerColumns =
    'id TEXT PRIMARY KEY, has_directory INTEGER NOT NULL, diff_id TEXT, media_type TEXT, digest TEXT, size INTEGER, ' +
    'source TEXT, created_ms INTEGER NOT NULL, boot TEXT NOT NULL, durable INTEGER NOT NULL';
  writtenBy(
    `CREATE TABLE record (${columns}) WITHOUT ROWID`,
    'CREATE TABLE snapshot (id TEXT PRIMARY KEY, parent TEXT, layer TEXT NOT NULL, epoch_s INTEGER NOT NULL)',
    `CREATE TABLE layer (${layerColumns}) WITHOUT ROWID`,
    "INSERT INTO layer (id, has_directory, created_ms, boot, durable) VALUES ('l', 1, 1, 'b', 1)",
    "INSERT INTO record VALUES ('k', 'r', 's', 'RUN make', '{}', 1, 2)",
    'PRAGMA user_version = 1',
  );
  const database = openDatabase(path);
  expect(database.get('SELECT name, usage FROM record')).toMatchObject({name: 'RUN make', usage: null});
  expect(database.get('SELECT id, continues FROM layer')).toMatchObject({id: 'l', continues: null});
  database.close();
  expect(versionOf()).toBe(schemaVersion);
});

it('a database of format 5 is brought up to what a new one is, and keeps its records and notes', () => {
  const record =
    'key TEXT PRIMARY KEY, result_key TEXT NOT NULL, snapshot TEXT NOT NULL, name TEXT NOT NULL, ' +
    'ingredients TEXT NOT NULL, created_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL, usage TEXT';
  const note = 'kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, key)';
  openDatabase(path).close();
  const layoutOf = (database: Database): unknown =>
    database.all('SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name');
  const fresh = openDatabase(path);
  const layout = layoutOf(fresh);
  fresh.close();
  writtenBy(
    'DROP TABLE record',
    'DROP TABLE note',
    `CREATE TABLE record (${record}) WITHOUT ROWID`,
    'CREATE INDEX record_snapshot ON record (snapshot)',
    'CREATE INDEX record_created ON record (created_ms)',
    `CREATE TABLE note (${note}) WITHOUT ROWID`,
    "INSERT INTO record VALUES ('k', 'r', 's', 'RUN make', '{}', 1, 2, NULL)",
    "INSERT INTO note VALUES ('stat', 'here', x'0102')",
    'PRAGMA user_version = 5',
  );
  const database = openDatabase(path);
  expect(layoutOf(database)).toEqual(layout);
  expect(database.get('SELECT name FROM record')).toMatchObject({name: 'RUN make'});
  expect(database.get("SELECT hex(value) AS value FROM note WHERE kind = 'stat'")).toMatchObject({
    value: '0102',
  });
  database.close();
});

it('a database of a format to come is refused, and left alone', () => {
  writtenBy(`PRAGMA user_version = ${schemaVersion + 1}`);
  expect(() => openDatabase(path)).toThrow(`this tsbuild knows formats up to ${schemaVersion}`);
  expect(() => openDatabase(path)).toThrow(`has format ${schemaVersion + 1}`);
});

it("blobs of somebody else's database are read where their table computes nothing", () => {
  const declared = {table: 'T', column: 'b', declaration: /^CREATE TABLE T\(b BLOB\)$/};
  const blobs = () => readForeignBlobs(path, declared)?.map((blob) => Buffer.from(blob).toString());
  writtenBy('CREATE TABLE T(b BLOB)', "INSERT INTO T VALUES (x'6162'), ('text'), (x'63')");
  expect(blobs()).toEqual(['ab', 'c']);
  writtenBy('DROP TABLE T', 'CREATE VIEW T(b) AS SELECT zeroblob(1)');
  expect(blobs()).toBeUndefined();
  writtenBy('DROP VIEW T', "CREATE TABLE T(a, b BLOB AS (x'61'))");
  expect(blobs()).toBeUndefined();
  writeFileSync(path, 'no database at all');
  expect(blobs()).toBeUndefined();
});

it('the newest records are found without sorting all of them', () => {
  const database = openDatabase(path);
  const sql = 'EXPLAIN QUERY PLAN SELECT name, ingredients FROM record ORDER BY created_ms DESC LIMIT 5';
  const plan = database.all(sql).map(({detail}) => String(detail));
  database.close();
  expect(plan.join()).toContain('record_created');
  expect(plan.join()).not.toContain('TEMP B-TREE');
});

describe('what is to be written soon', () => {
  const add = "INSERT INTO image (name, descriptor, created_ms) VALUES (?, '{}', 1)";
  const namesIn = (database: Database): unknown[] =>
    database.all('SELECT name FROM image ORDER BY name').map(({name}) => name);

  it('is there for whoever reads here, and for others with what is written next', () => {
    const [here, elsewhere] = [openDatabase(path), openDatabase(path)];
    here.soon(() => here.run(add, 'a'));
    expect(namesIn(elsewhere)).toEqual([]);
    expect(namesIn(here)).toEqual(['a']);
    expect(namesIn(elsewhere)).toEqual(['a']);
    here.soon(() => here.run(add, 'b'));
    here.run(add, 'c');
    expect(namesIn(elsewhere)).toEqual(['a', 'b', 'c']);
    here.close();
    elsewhere.close();
  });

  it('is one with what is written next: both are there, or none', () => {
    const [here, elsewhere] = [openDatabase(path), openDatabase(path)];
    here.soon(() => here.run(add, 'layer'));
    const failing = (): void => {
      here.run(add, 'record');
      throw new Error('no space');
    };
    expect(() => here.transaction(failing)).toThrow('no space');
    expect(namesIn(elsewhere)).toEqual([]);
    here.close();
    elsewhere.close();
  });

  it('is not forgotten when that fails: what is written later may lead to it', () => {
    const [here, elsewhere] = [openDatabase(path), openDatabase(path)];
    here.soon(() => here.run(add, 'layer'));
    const failing = (): void => {
      throw new Error('no space');
    };
    expect(() => here.transaction(failing)).toThrow('no space');
    here.run(add, 'record');
    expect(namesIn(elsewhere)).toEqual(['layer', 'record']);
    here.close();
    elsewhere.close();
  });

  it('is written at once in a transaction, and at the latest when the database is closed', () => {
    const here = openDatabase(path);
    here.transaction(() => {
      here.soon(() => here.run(add, 'a'));
      expect(namesIn(here)).toEqual(['a']);
    });
    here.soon(() => here.run(add, 'b'));
    here.close();
    const later = openDatabase(path);
    expect(namesIn(later)).toEqual(['a', 'b']);
    later.close();
  });
});
