// The embedded record store: SQLite through libsql, behind the few calls we use (docs/adr: the record store). The only
// file that knows the library. Synchronous on purpose: a lookup costs microseconds, an await costs a turn.
// Any number of processes share one file: WAL, a busy timeout, and IMMEDIATE transactions.

import {createRequire} from 'node:module';
import {isAnyArrayBuffer} from 'node:util/types';
import type LibsqlDatabase from 'libsql';
import {BuildError, buildError} from '../diagnostics/build-error.ts';
import {errorText} from '../util/error-text.ts';
import {diskFull} from './disk-full.ts';
import {migrations, schema, schemaVersion} from './schema.ts';

export type SqlValue = string | number | bigint | Uint8Array | null;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Database {
  /** First row, or undefined. */
  get(sql: string, ...values: readonly SqlValue[]): Row | undefined;
  all(sql: string, ...values: readonly SqlValue[]): readonly Row[];
  run(sql: string, ...values: readonly SqlValue[]): void;
  /** Runs `work` in one IMMEDIATE transaction; a throw rolls back. Not reentrant. */
  transaction<T>(work: () => T): T;
  /**
   * Runs `work` in one transaction with what is written next, or before what is read next here. What it writes is lost
   * when the process is killed before: for what nobody else has been told of.
   */
  soon(work: () => void): void;
  /** Gives free pages back to the file system; others may use the database meanwhile, then it may give none. */
  compact(): void;
  close(): void;
}

const busyTimeoutMs = 20_000;

/** Opens (and creates) the database. Throws BuildError('environment') when the file cannot be used. */
export function openDatabase(path: string): Database {
  // A plain require at the moment of need: the native part costs 10 ms that `--version` must not pay.
  const Libsql = createRequire(import.meta.url)('libsql') as typeof LibsqlDatabase;
  let native: LibsqlDatabase.Database;
  try {
    native = new Libsql(path, {timeout: busyTimeoutMs});
    native.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    native.exec('PRAGMA journal_mode = WAL');
    native.exec('PRAGMA synchronous = NORMAL');
    migrate(native, path);
  } catch (error) {
    if (error instanceof BuildError) throw error;
    throw buildError('environment', 'store-database', `open state database ${path}: ${errorText(error)}`, {
      hints: ['the state directory can be removed: it holds caches and local images only'],
      cause: error,
    });
  }
  return wrap(native);
}

/**
 * The column of blobs of a table in a database that somebody else made, and nobody trusts: `declaration` says how the
 * table has to be declared, so that reading it can compute nothing. Undefined where it is not so, or is no database.
 */
export function readForeignBlobs(
  path: string,
  {
    table,
    column,
    declaration,
  }: {readonly table: string; readonly column: string; readonly declaration: RegExp},
): readonly Uint8Array[] | undefined {
  const Libsql = createRequire(import.meta.url)('libsql') as typeof LibsqlDatabase;
  let native: LibsqlDatabase.Database | undefined;
  try {
    native = new Libsql(path);
    native.exec('PRAGMA trusted_schema = OFF');
    const found = native.prepare('SELECT type, sql FROM sqlite_master WHERE name = ?').all(table) as Row[];
    const [{type, sql} = {}, ...others] = found;
    if (type !== 'table' || others.length > 0 || !declaration.test(String(sql))) return undefined;
    const rows = native.prepare(`SELECT ${column} FROM ${table} ORDER BY rowid`).all() as Row[];
    // The library gives blobs as buffers without a view.
    return rows.flatMap((row: Readonly<Record<string, unknown>>) => {
      const value = row[column];
      return isAnyArrayBuffer(value) ? new Uint8Array(value) : [];
    });
  } catch {
    return undefined;
  } finally {
    native?.close();
  }
}

function migrate(native: LibsqlDatabase.Database, path: string): void {
  const found = versionOf(native);
  if (found === schemaVersion) return;
  if (found > schemaVersion) {
    const text = `${path} has format ${found}, and this tsbuild knows formats up to ${schemaVersion}`;
    throw buildError('environment', 'store-newer', text, {
      hints: ['a newer tsbuild has been here: use that one, or another --root'],
    });
  }
  native.exec('BEGIN IMMEDIATE');
  try {
    // Looked at again: another process may have been at it.
    for (let version = versionOf(native); version < schemaVersion; ) {
      native.exec(version === 0 ? schema : (migrations[version + 1] ?? ''));
      version = version === 0 ? schemaVersion : version + 1;
      native.exec(`PRAGMA user_version = ${version}`);
    }
    native.exec('COMMIT');
  } catch (error) {
    // A full disk has rolled back already.
    if (native.inTransaction) native.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(native: LibsqlDatabase.Database): number {
  return (native.prepare('PRAGMA user_version').get() as {user_version: number}).user_version;
}

/** A full disk by its name here instead of SQLite's words. */
function named(error: unknown): unknown {
  return errorText(error).includes('database or disk is full') ? diskFull(error) : error;
}

function wrap(native: LibsqlDatabase.Database): Database {
  const statements = new Map<string, LibsqlDatabase.Statement>();
  let wrote = false;
  let isInTransaction = false;
  let waiting: (() => void)[] = [];
  const statement = (sql: string): LibsqlDatabase.Statement => {
    let prepared = statements.get(sql);
    if (prepared === undefined) {
      prepared = native.prepare(sql);
      statements.set(sql, prepared);
    }
    return prepared;
  };
  const run: Database['run'] = (sql, ...values) => {
    wrote = true;
    try {
      statement(sql).run(values);
    } catch (error) {
      throw named(error);
    }
  };
  const transaction = <T>(work: () => T): T => {
    const before = waiting;
    waiting = [];
    wrote = true;
    isInTransaction = true;
    try {
      native.exec('BEGIN IMMEDIATE');
      for (const each of before) each();
      const result = work();
      native.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk has rolled back already.
      if (native.inTransaction) native.exec('ROLLBACK');
      // What is written later may lead to what was to be written with this.
      waiting = before;
      throw named(error);
    } finally {
      isInTransaction = false;
    }
  };
  const catchUp = (): void => {
    if (waiting.length > 0) transaction(() => {});
  };
  return {
    get: (sql, ...values) => {
      catchUp();
      return statement(sql).get(values) as Row | undefined;
    },
    all: (sql, ...values) => {
      catchUp();
      return statement(sql).all(values) as Row[];
    },
    run: (sql, ...values) => {
      if (waiting.length > 0) transaction(() => run(sql, ...values));
      else run(sql, ...values);
    },
    transaction,
    soon: (work) => {
      if (isInTransaction) work();
      else waiting.push(work);
    },
    compact: () => {
      catchUp();
      statements.clear();
      wrote = true;
      native.exec('VACUUM');
    },
    close: () => {
      try {
        catchUp();
      } catch {
        // Nobody has been told of it; what kept it from being written somebody has been told, who ends for that.
      }
      statements.clear();
      // A log that is left is read and summed again by every later start. While others use it, it is left to them.
      if (wrote) native.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
      native.close();
    },
  };
}
