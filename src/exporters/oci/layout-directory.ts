// An OCI layout in a directory. Blobs are linked from the store where they share a file system, copied otherwise;
// index.json is replaced last, so a reader sees the layout before or after, never between. Images that the layout has
// already stay, unless they have one of our names.

import {randomBytes} from 'node:crypto';
import {constants} from 'node:fs';
import {copyFile, link, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
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
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isFile() && existing.size === blob.size) return;
  const temporary = `${path}.${randomBytes(6).toString('hex')}.partial`;
  try {
    if ('bytes' in blob) await writeFile(temporary, blob.bytes);
    else await linkOrCopy(await blobs.path(blob.digest), temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, {force: true});
    throw error;
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    // Another file system, one without links, or too many links: any reason is good enough for a copy.
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.partial`;
  await writeFile(temporary, bytes);
  await rename(temporary, path);
}
