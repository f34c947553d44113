// An OCI layout in a directory. Blobs share their data with the store's, or are linked from it (docs/adr/0017), where the
// file system can do that, and are copied otherwise; index.json is replaced last, so a reader sees the layout before or
// after, never between. Images that the layout has already stay, unless they have one of our names.

import {randomBytes} from 'node:crypto';
import {constants} from 'node:fs';
import {copyFile, link, lstat, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import type {Descriptor} from '../../oci/descriptor.ts';
import type {ImageIndex} from '../../oci/manifest.ts';
import {makeDirectories} from '../../store/make-directories.ts';
import type {BlobReader, ExportContext} from '../exporter.ts';
import {
  blobPath,
  indexBytes,
  type Layout,
  type LayoutBlob,
  layoutFile,
  nameAnnotation,
  referenceAnnotation,
} from '../layout.ts';
import {asOutputError, outputError} from '../output-file.ts';

export async function writeLayoutDirectory(
  dest: string,
  layout: Layout,
  context: ExportContext,
): Promise<void> {
  const directory = resolve(context.workingDirectory, dest);
  try {
    makeDirectories(join(directory, 'blobs/sha256'));
    const others = await otherEntries(directory, dest, layout.entries);
    for (const blob of layout.blobs) {
      context.signal.throwIfAborted();
      await placeBlob(directory, blob, context.blobs);
    }
    await replace(join(directory, 'oci-layout'), layoutFile);
    await replace(join(directory, 'index.json'), indexBytes([...layout.entries, ...others]));
  } catch (error) {
    throw asOutputError(error, dest);
  }
}

/** Entries of the index.json that is there, without those that ours replace. */
async function otherEntries(
  directory: string,
  dest: string,
  ours: readonly Descriptor[],
): Promise<readonly Descriptor[]> {
  let text: string;
  try {
    text = await readFile(join(directory, 'index.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  let index: Partial<ImageIndex>;
  try {
    index = JSON.parse(text) as Partial<ImageIndex>;
  } catch (cause) {
    throw outputError(dest, `has an index.json that is not JSON: ${String(cause)}`);
  }
  if (!Array.isArray(index.manifests)) throw outputError(dest, 'has an index.json without "manifests"');
  const keys = new Set(ours.map(keyOf));
  const digests = new Set(ours.map(({digest}) => digest));
  return (index.manifests as Descriptor[]).filter(
    (entry) => !keys.has(keyOf(entry)) && !digests.has(entry.digest),
  );
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
  if (await isSameFile(path, stored)) return;
  await make(path, (temporary) => shareOrCopy(stored, temporary));
}

async function isSameFile(path: string, other: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return false;
  const {dev, ino} = await stat(other);
  return found.dev === dev && found.ino === ino;
}

async function shareOrCopy(from: string, to: string): Promise<void> {
  // Each fails for many reasons (another file system, none that can, too many links); all are good enough for the next.
  await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE)
    .catch(() => link(from, to))
    .catch(() => copyFile(from, to));
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  await make(path, (temporary) => writeFile(temporary, bytes));
}

/** Under its name when it is complete. */
async function make(path: string, produce: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.partial`;
  try {
    await produce(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, {force: true});
    throw error;
  }
}
