// What a shared cache was given lately (docs/formats/cache-record.md): the names and ingredients of records, and the
// lists of files that they were keyed by, so that a machine without records of its own can be told why a step missed.
// It is for people only. Of writers at the same time the last one wins, which loses explanations and nothing else; what
// is read came from outside and is believed in nothing.

import {gunzipSync, gzipSync} from 'node:zlib';
import type {KeyIngredients} from '../solver/result-cache.ts';
import {canonicalJson} from '../util/canonical-json.ts';
import type {FilesOf} from './input-difference.ts';
import {stepNameOf} from './shared-record.ts';

const format = 1;
const recordsMax = 500;
/** An op with longer texts in it is not worth the way. */
const opLengthMax = 16 * 1024;
const filesBytesMax = 128 * 1024;
const textBytesMax = 16 * 1024 * 1024;

export const recentName = 'recent';

export interface RecentRecord {
  /** Of the step. */
  readonly name: string;
  readonly ingredients: KeyIngredients;
}

export interface Recent {
  /** Newest first. */
  readonly records: readonly RecentRecord[];
  /** Lists of files by the digests that are ingredients, as they came. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export const nothingRecent: Recent = {records: [], files: new Map()};

/** `own` before what was there; undefined: all of it was there. */
export function withOwn(own: readonly RecentRecord[], filesOf: FilesOf, old: Recent): Recent | undefined {
  const textOf = ({name, ingredients}: RecentRecord): string => canonicalJson({name, ...ingredients});
  const known = new Set(old.records.map(textOf));
  const fitting = own.filter(({ingredients}) => ingredients.op.length <= opLengthMax);
  if (fitting.every((record) => known.has(textOf(record)))) return undefined;
  const all = new Map([...fitting, ...old.records].map((record) => [textOf(record), record]));
  const records = [...all.values()].slice(0, recordsMax);
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  for (const digest of records.flatMap(({ingredients}) => digestsOf(ingredients))) {
    if (files.has(digest)) continue;
    const list = filesOf(digest) ?? old.files.get(digest);
    if (list === undefined || bytes + list.length > filesBytesMax) continue;
    bytes += list.length;
    files.set(digest, list);
  }
  return {records, files};
}

/** What may be a digest of files. */
export function digestsOf({inputs}: KeyIngredients): readonly string[] {
  return inputs.flatMap((input) => input.split(' '));
}

export function formatRecent({records, files}: Recent): Uint8Array {
  const lists = [...files].map(([digest, list]) => [digest, Buffer.from(list).toString('base64')]);
  const rows = records.map(({name, ingredients}) => ({name, ...ingredients}));
  const data = gzipSync(canonicalJson({files: lists, records: rows})).toString('base64');
  return Buffer.from(canonicalJson({format, data}));
}

/** What is not of this format is nothing. */
export function parseRecent(bytes: Uint8Array): Recent {
  try {
    const document = JSON.parse(Buffer.from(bytes).toString()) as {format?: unknown; data?: unknown};
    if (document.format !== format || typeof document.data !== 'string') return nothingRecent;
    const packed = Buffer.from(document.data, 'base64');
    const text = gunzipSync(packed, {maxOutputLength: textBytesMax}).toString();
    const {records, files} = JSON.parse(text) as {records?: unknown; files?: unknown};
    return {records: listOf(records).flatMap(recordOf), files: listsOf(listOf(files))};
  } catch {
    return nothingRecent;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, recordsMax) : [];
}

function recordOf(value: unknown): readonly RecentRecord[] {
  const {name, format: keyFormat, op, inputs, from} = Object(value) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof keyFormat !== 'number' || typeof op !== 'string') return [];
  if (!isTexts(inputs) || !isTexts(from) || op.length > opLengthMax) return [];
  return [{name: stepNameOf(name), ingredients: {format: keyFormat, op, inputs, from}}];
}

/** No list is opened before it is asked for: what is small here may be large then. */
function listsOf(rows: readonly unknown[]): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  for (const row of rows) {
    if (!isTexts(row)) continue;
    const [digest, data] = row;
    if (digest === undefined || data === undefined) continue;
    const list = Buffer.from(data, 'base64');
    bytes += list.length;
    if (bytes > filesBytesMax) break;
    files.set(digest, list);
  }
  return files;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
