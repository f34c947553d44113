// What a selection holds, file by file, so short that it can be kept beside its digest: path, mode, owner, and the
// beginning of a digest of the rest. Two lists are compared to say to people what differs; nothing is keyed by them.

import {createHash} from 'node:crypto';
import type {ContentDigestOptions} from './content-digest.ts';
import {isDirectory, isRegularFile, type TreeRecord} from './record.ts';
import type {Selection} from './select.ts';

/** A longer list costs more than it is worth. */
const listedFilesMax = 100_000;

const listBytesMax = 16 * 1024 * 1024;

const hashBytes = 6;
const fieldsPerFile = 4;
const fieldsMax = listedFilesMax * fieldsPerFile;
const fastest = 1;

interface ListedFile {
  readonly mode: number;
  readonly owner: string;
  readonly hash: string;
}

/** Undefined when there are too many files. */
export function encodeFileList(selection: Selection, options: ContentDigestOptions): Uint8Array | undefined {
  const count = selection.sources.reduce((sum, {entries}) => sum + entries.length, 0);
  if (count > listedFilesMax) return undefined;
  const fields: string[] = [];
  // Sources may lie within each other; a path stands in a list once.
  const seen = selection.sources.length > 1 ? new Set<string>() : undefined;
  for (const {entries} of selection.sources) {
    for (const record of entries) {
      if (seen?.has(record.path)) continue;
      seen?.add(record.path);
      const owner = options.ownership === 'kept' ? `${record.uid}:${record.gid}` : '';
      fields.push(record.path, record.mode.toString(8), owner, hashOf(record, options));
    }
  }
  return zlib().deflateRawSync(fields.join('\0'), {level: fastest});
}

/** Not loaded by a cached build, which neither writes nor reads a list. */
function zlib(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib');
}

function hashOf(record: TreeRecord, {digestOf}: ContentDigestOptions): string {
  const digest = isRegularFile(record) ? digestOf(record) : undefined;
  const bytes = digest === undefined ? undefined : hexOf(digest);
  const {linkTarget, attributes, rdevMajor, rdevMinor} = record;
  if (bytes !== undefined && attributes === undefined) return bytes;
  if (isDirectory(record) && attributes === undefined) return '';
  const rest = [bytes, linkTarget, attributes === undefined ? '' : Buffer.from(attributes).toString('hex')];
  const text = [...rest, rdevMajor, rdevMinor].join(' ');
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 2 * hashBytes);
}

const hexDigits = Array.from({length: 256}, (_, byte) => byte.toString(16).padStart(2, '0'));

function hexOf(digest: Uint8Array): string {
  let text = '';
  for (let at = 0; at < hashBytes; at++) text += hexDigits[digest[at] ?? 0];
  return text;
}

/** Whether bytes from outside may be compared as a list. */
export function isFileList(bytes: Uint8Array): boolean {
  try {
    const text = zlib().inflateRawSync(bytes, {maxOutputLength: listBytesMax});
    let fields = 1;
    for (let at = text.indexOf(0); at >= 0 && fields <= fieldsMax; at = text.indexOf(0, at + 1)) fields++;
    return fields <= fieldsMax;
  } catch {
    return false;
  }
}

function fieldsOf(list: Uint8Array): readonly string[] {
  return zlib().inflateRawSync(list).toString().split('\0');
}

function decode(fields: readonly string[], start: number, end: number): Map<string, ListedFile> {
  const files = new Map<string, ListedFile>();
  for (let at = start; at + fieldsPerFile <= end; at += fieldsPerFile) {
    const [path = '', mode = '', owner = '', hash = ''] = fields.slice(at, at + fieldsPerFile);
    files.set(path, {mode: Number.parseInt(mode, 8), owner, hash});
  }
  return files;
}

/** How many fields at the beginning, or before both ends, are those of files that are alike. */
function alikeFields(a: readonly string[], b: readonly string[], most: number, fromEnd: boolean): number {
  const [startA, startB] = fromEnd ? [a.length - most, b.length - most] : [0, 0];
  let count = 0;
  for (; count < most; count++) {
    const at = fromEnd ? most - 1 - count : count;
    if (a[startA + at] !== b[startB + at]) break;
  }
  return count - (count % fieldsPerFile);
}

export interface ListDifference {
  /** One phrase for each path, in the order of paths: `src/a.ts changed`. */
  readonly phrases: readonly string[];
  /** Files of the second list and those that are gone, without directories. */
  readonly files: number;
}

/** What makes `after` another list than `before`. */
export function compareFileLists(before: Uint8Array, after: Uint8Array): ListDifference {
  const [oldFields, nowFields] = [fieldsOf(before), fieldsOf(after)];
  const shorter = Math.min(oldFields.length, nowFields.length);
  const most = shorter - (shorter % fieldsPerFile);
  const start = alikeFields(oldFields, nowFields, most, false);
  const end = alikeFields(oldFields, nowFields, most - start, true);
  const old = decode(oldFields, start, oldFields.length - end);
  const now = decode(nowFields, start, nowFields.length - end);
  const found: {readonly path: string; readonly text: string; readonly isDirectory: boolean}[] = [];
  const add = (path: string, text: string, {mode}: ListedFile): void => {
    found.push({path, text: `${path} ${text}`, isDirectory: isDirectory({mode})});
  };
  const removed = [...old].filter(([path]) => !now.has(path));
  const movedFrom = new Map(removed.map(([path, file]) => [identityOf(file), path]));
  const moved = new Set<string>();
  for (const [path, file] of now) {
    const was = old.get(path);
    const change = was === undefined ? undefined : changeOf(was, file);
    // A file that became a directory, or the other way round, is one of the files that differ.
    if (was !== undefined && change !== undefined) add(path, change, isDirectory(file) ? was : file);
    if (was !== undefined) continue;
    const source = isDirectory(file) ? undefined : movedFrom.get(identityOf(file));
    if (source === undefined || moved.has(source)) add(path, 'added', file);
    else {
      moved.add(source);
      found.push({path, text: `${source} renamed to ${path}`, isDirectory: false});
    }
  }
  for (const [path, file] of removed) if (!moved.has(path)) add(path, 'removed', file);
  // A directory that comes or goes does so with its files.
  const files = found.filter((each) => !each.isDirectory);
  const told = (files.length > 0 ? files : found).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const gone = [...old].flatMap(([path, file]) => {
    const then = now.get(path);
    return moved.has(path) || (then !== undefined && !isDirectory(then)) ? [] : [file];
  });
  const alike = nowFields.filter((mode, at) => {
    const isMode = at % fieldsPerFile === 1 && (at < start || at >= nowFields.length - end);
    return isMode && !isDirectory({mode: Number.parseInt(mode, 8)});
  });
  const total = alike.length + [...now.values(), ...gone].filter((file) => !isDirectory(file)).length;
  return {phrases: told.map(({text}) => text), files: total};
}

function identityOf({mode, owner, hash}: ListedFile): string {
  return `${mode} ${owner} ${hash}`;
}

const typeBits = 0o170000;
const linkType = 0o120000;

function changeOf(old: ListedFile, now: ListedFile): string | undefined {
  if ((old.mode & typeBits) !== (now.mode & typeBits)) return 'became another kind of file';
  if (old.hash !== now.hash) return (now.mode & typeBits) === linkType ? 'points elsewhere' : 'changed';
  if (old.mode !== now.mode) return `has mode ${modeText(old)} → ${modeText(now)}`;
  return old.owner === now.owner ? undefined : `has owner ${old.owner} → ${now.owner}`;
}

function modeText({mode}: ListedFile): string {
  return (mode & ~typeBits).toString(8);
}
