// What a build looked at, and whether all of it is still as it was. The rules are those of a build that looks for
// itself: files and walks of contexts by what the stat cache goes by, layers by their being there. The database is one
// more file: it is written to only when something in it changes, and then nobody knows what a build would find.

import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {currentBootId} from '../store/boot-id.ts';
import {isSettled} from '../tree/settled.ts';

/** Identity, size and times of a file. */
export type FileMark = string;

/** A walk of a local context, as the helper is asked for it; what it said is beside the note. */
export interface Walk {
  readonly directory: string;
  readonly args: readonly string[];
  readonly bytes: number;
}

export interface Conditions {
  /** Of the database of the state directory. */
  readonly database: FileMark;
  /** Files that were read, of the host and of the store. */
  readonly marks: Readonly<Record<string, FileMark>>;
  /** What has to be there, and what must not. */
  readonly present: readonly string[];
  readonly absent: readonly string[];
  readonly walks: readonly Walk[];
  readonly bootId: string;
  readonly fromMs: number;
  /** From then on a build has to write down again what it uses. */
  readonly untilMs: number;
}

/** Whether a build would find all but the walks as it was. Throws nothing. */
export function stillHold(conditions: Conditions, root: string, nowMs: number): boolean {
  const {database, marks, present, absent, bootId, fromMs, untilMs} = conditions;
  try {
    return (
      nowMs >= fromMs &&
      nowMs < untilMs &&
      databaseMark(root)?.mark === database &&
      Object.entries(marks).every(([path, mark]) => markOf(path)?.mark === mark) &&
      present.every(isThere) &&
      absent.every((path) => !isThere(path)) &&
      bootId === currentBootId() &&
      isIdle(root)
    );
  } catch {
    return false;
  }
}

export interface Marked {
  readonly mark: FileMark;
  /** Whether every change since the look began has given it, or will give it, another mark. */
  readonly isSettled: boolean;
  /** Somebody may write to it by another name, and has not, as far as its time tells (docs/adr/0017). */
  readonly isSealed: boolean;
}

const second = 1_000_000_000n;

/** Undefined: there is no such file. */
export function markOf(path: string, lookStartMs = 0): Marked | undefined {
  const found = statSync(path, {bigint: true, throwIfNoEntry: false});
  if (found === undefined) return undefined;
  const {dev, ino, size, mtimeNs, ctimeNs, nlink} = found;
  const changed = {ctimeSeconds: Number(ctimeNs / second), ctimeNanoseconds: Number(ctimeNs % second)};
  return {
    mark: [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    isSettled: found.isFile() && isSettled(changed, lookStartMs),
    isSealed: nlink === 1n || mtimeNs % second === 0n,
  };
}

/**
 * Undefined while something may have been written that is not in the database itself yet. The order counts: what was
 * in the log before it was looked at is in the database when that is looked at.
 */
export function databaseMark(root: string, lookStartMs = 0): Marked | undefined {
  const log = statSync(join(root, 'state.db-wal'), {throwIfNoEntry: false});
  return log === undefined || log.size === 0 ? markOf(join(root, 'state.db'), lookStartMs) : undefined;
}

/** Throws where something is in the way of a look. */
export function isThere(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false}) !== undefined;
}

/** Nobody is making anything, and nobody who died has left something that a build would sweep. */
function isIdle(root: string): boolean {
  return readdirSync(join(root, 'work')).length === 0;
}
