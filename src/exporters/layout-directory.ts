// An OCI layout in a directory. Blobs share their data with the store's, or are linked from it (docs/adr/0017), where the
// file system can do that, and are copied otherwise; index.json is replaced last, so a reader sees the layout before or
// after, never between. Images that the layout has already stay, unless they have one of our names. Calls that take
// microseconds are made at once: each hop through the thread pool costs more, and a layout is a handful of names.

import {randomBytes} from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {copyFile} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import type {Descriptor} from '../oci/descriptor.ts';
import type {ImageIndex} from '../oci/manifest.ts';
import {makeDirectories} from '../store/make-directories.ts';
import type {BlobReader, ExportContext} from './exporter.ts';
import {
  blobPath,
  indexBytes,
  type Layout,
  type LayoutBlob,
  layoutFile,
  nameAnnotation,
  referenceAnnotation,
} from './layout.ts';
import {asOutputError, outputError} from './output-file.ts';

export async function writeLayoutDirectory(
  dest: string,
  layout: Layout,
  context: ExportContext,
): Promise<void> {
  const directory = resolve(context.workingDirectory, dest);
  try {
    makeDirectories(join(directory, 'blobs/sha256'));
    const others = otherEntries(directory, dest, layout.entries);
    for (const blob of layout.blobs) {
      context.signal.throwIfAborted();
      await placeBlob(directory, blob, context.blobs);
    }
    replace(join(directory, 'oci-layout'), layoutFile);
    replace(join(directory, 'index.json'), indexBytes([...layout.entries, ...others]));
  } catch (error) {
    throw asOutputError(error, dest);
  }
}

/** Entries of the index.json that is there, without those that ours replace. */
function otherEntries(directory: string, dest: string, ours: readonly Descriptor[]): readonly Descriptor[] {
  const text = textOf(join(directory, 'index.json'), dest);
  if (text === undefined) return [];
  let index: Partial<ImageIndex>;
  try {
    index = JSON.parse(text) as Partial<ImageIndex>;
  } catch {
    // What the parser says of it quotes a file that may be anybody's.
    throw outputError(dest, 'has an index.json that is not JSON');
  }
  if (!Array.isArray(index.manifests)) throw outputError(dest, 'has an index.json without "manifests"');
  const keys = new Set(ours.map(keyOf));
  const digests = new Set(ours.map(({digest}) => digest));
  return (index.manifests as Descriptor[]).filter(
    (entry) => !keys.has(keyOf(entry)) && !digests.has(entry.digest),
  );
}

/** Of a regular file; undefined when there is none. A pipe would have us wait for a writer. */
function textOf(path: string, dest: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if (!fstatSync(file).isFile()) throw outputError(dest, 'has an index.json that is not a file');
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** What makes two entries the same image at different times: its name; all nameless ones are one. */
function keyOf({annotations}: Descriptor): string {
  return annotations?.[nameAnnotation] ?? annotations?.[referenceAnnotation] ?? '';
}

async function placeBlob(directory: string, blob: LayoutBlob, blobs: BlobReader): Promise<void> {
  const path = join(directory, blobPath(blob.digest));
  if ('bytes' in blob) return replace(path, blob.bytes);
  const stored = await blobs.path(blob.digest);
  // What else is there under this name may be anything.
  if (isSameFile(path, stored)) return;
  const temporary = temporaryFor(path);
  try {
    if (!isShared(stored, temporary)) await copyFile(stored, temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, {force: true});
    throw error;
  }
}

function isSameFile(path: string, other: string): boolean {
  const found = lstatSync(path, {throwIfNoEntry: false});
  if (found === undefined) return false;
  const {dev, ino} = statSync(other);
  return found.dev === dev && found.ino === ino;
}

/** Whether `to` has the data of `from` without a copy of it. */
function isShared(from: string, to: string): boolean {
  // Each fails for many reasons (another file system, none that can, too many links).
  const share = [() => copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE), () => linkSync(from, to)];
  return share.some((attempt) => {
    try {
      attempt();
      return true;
    } catch {
      return false;
    }
  });
}

/** Under its name when it is complete. */
function replace(path: string, bytes: Uint8Array): void {
  const temporary = temporaryFor(path);
  try {
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, {force: true});
    throw error;
  }
}

function temporaryFor(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.partial`;
}
