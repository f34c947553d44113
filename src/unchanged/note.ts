// The note of a build that found everything in the cache (docs/formats/unchanged-note.md, docs/adr/0025): what it
// depends on, what it said, and what walks of its contexts said. One file for each way of calling, replaced as a whole;
// whatever is odd about it counts as no note.

import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import type {BuildRecord} from '../history/build-record.ts';
import type {BuildEvent} from '../progress/events.ts';
import type {Conditions} from './conditions.ts';

export const noteFormat = 1;

const folder = 'unchanged';
const notesMax = 64;
/** Of all of them; what walks of 50,000 files say has 7 MiB. */
const bytesMax = 64 << 20;
const headBytes = 16;
const firstReadBytes = 64 << 10;

export interface UnchangedNote {
  readonly format: typeof noteFormat;
  /** The code that has written it: another one may say something else. */
  readonly program: string;
  readonly root: string;
  readonly conditions: Conditions;
  readonly answer: Answer;
}

export interface Answer {
  readonly sink: string;
  /** Without their times. */
  readonly events: readonly BuildEvent[];
  /** What warnings point into. */
  readonly file?: {readonly path: string; readonly text: string};
  readonly stdout: string;
  readonly record: BuildRecord;
}

/** A note that is being read: what walks said has to be read in order, piece by piece. */
export interface OpenNote {
  readonly note: UnchangedNote;
  /** The next bytes of what walks said, up to `length`; they hold until the next call. */
  next(length: number): Buffer;
  close(): void;
}

/** Undefined: there is none that can be used. */
export function openNote(root: string, name: string, program: string): OpenNote | undefined {
  let file: number | undefined;
  try {
    file = openSync(join(root, folder, name), 'r');
    const opened = reading(file);
    const {note} = opened;
    if (note.format === noteFormat && note.program === program && note.root === root) return opened;
    closeSync(file);
  } catch {
    if (file !== undefined) closeSync(file);
  }
  return undefined;
}

/** The length of the JSON in sixteen digits, the JSON, and then all that walks said. */
function reading(file: number): OpenNote {
  let buffer = Buffer.allocUnsafeSlow(firstReadBytes);
  let got = readSync(file, buffer);
  const length = Number.parseInt(buffer.toString('latin1', 0, headBytes), 10);
  const end = headBytes + length;
  if (!(end <= fstatSync(file).size)) throw new Error('a torn note');
  if (end > buffer.length) {
    buffer = Buffer.concat([buffer.subarray(0, got)], end);
    got += readSync(file, buffer, got, end - got, null);
  }
  const note = JSON.parse(buffer.toString('utf8', headBytes, end)) as UnchangedNote;
  let at = end;
  return {
    note,
    next(wanted) {
      if (at === got) {
        at = 0;
        got = readSync(file, buffer);
      }
      const start = at;
      at = Math.min(got, start + wanted);
      return buffer.subarray(start, at);
    },
    close: () => closeSync(file),
  };
}

/**
 * Not synced: a note of another boot is not believed. `temporary` is a path in `work/`. Throws what the system says.
 */
export function writeNote(
  note: UnchangedNote,
  walks: readonly Uint8Array[],
  {name, temporary}: {readonly name: string; readonly temporary: string},
): void {
  const json = Buffer.from(JSON.stringify(note));
  const head = Buffer.from(String(json.length).padStart(headBytes, '0'));
  const directory = join(note.root, folder);
  mkdirSync(directory, {recursive: true, mode: 0o700});
  try {
    writeFileSync(temporary, Buffer.concat([head, json, ...walks]), {mode: 0o600, flag: 'wx'});
    renameSync(temporary, join(directory, name));
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
  dropSurplus(directory);
}

/** The oldest ones go. */
function dropSurplus(directory: string): void {
  const notes = readdirSync(directory).map((name) => ({name, ...statOf(join(directory, name))}));
  notes.sort((a, b) => b.writtenMs - a.writtenMs);
  let bytes = 0;
  for (const [index, {name, size}] of notes.entries()) {
    bytes += size;
    if (index >= notesMax || bytes > bytesMax) unlinkSync(join(directory, name));
  }
}

/** Another process may have dropped it. */
function statOf(path: string): {readonly size: number; readonly writtenMs: number} {
  const found = statSync(path, {throwIfNoEntry: false});
  return {size: found?.size ?? 0, writtenMs: found?.mtimeMs ?? 0};
}
