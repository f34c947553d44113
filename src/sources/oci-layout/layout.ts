// An image in an OCI layout directory (image-spec, image-layout.md): what a tag or digest means in its index, and blobs
// read with their digests verified. The directory is the user's and may be anything.

import {createReadStream} from 'node:fs';
import {readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {BuildError, buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {type Digest, digestOf, hexOf, parseDigest} from '../../oci/digest.ts';
import {parseManifest} from '../../oci/parse-manifest.ts';
import type {Platform} from '../../oci/platform.ts';
import type {LocalBlobStore} from '../../store/blob-store.ts';
import {assert} from '../../util/assert.ts';
import {refusalText} from '../../util/error-text.ts';
import {BadAnswer} from '../registry/failures.ts';
import {resolveImage} from '../registry/resolve-image.ts';

export interface LayoutAddress {
  readonly directory: string;
  /** `DIR:tag` */
  readonly tag?: string;
  /** `DIR@sha256:…` */
  readonly digest?: Digest;
}

const scheme = 'oci-layout://';
/** annotations.md of the image-spec */
const refName = 'org.opencontainers.image.ref.name';
const defaultTag = 'latest';
const documentBytesMax = 16 * 1024 * 1024;

/** `oci-layout://DIR[:tag][@digest]`; a problem text when it is malformed. */
export function parseLayoutAddress(text: string): LayoutAddress | {readonly problem: string} {
  const [path = '', digestText] = splitLast(text.slice(scheme.length), '@');
  // A colon before a slash is part of a directory's name.
  const [directory = '', tag] = /:[^/]*$/.test(path) ? splitLast(path, ':') : [path];
  if (directory === '') return {problem: 'oci-layout:// needs a directory'};
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag)) return {problem: `${tag} is no valid tag`};
  const digest = digestText === undefined ? undefined : parseDigest(digestText);
  if (digestText !== undefined && digest === undefined) return {problem: `${digestText} is no sha256 digest`};
  return {directory, ...(tag === undefined ? {} : {tag}), ...(digest === undefined ? {} : {digest})};
}

function splitLast(text: string, separator: string): [string, string?] {
  const at = text.lastIndexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** What the address names in the layout's index; `directory` is absolute. Throws BuildError when it names nothing. */
export async function rootDigestOf(address: LayoutAddress): Promise<Digest> {
  const {directory, tag = defaultTag, digest} = address;
  if (digest !== undefined) return digest;
  const index = parseManifest(await readDocument(join(directory, 'index.json'), directory));
  if (index.kind !== 'index') throw broken(directory, 'its index.json is no image index');
  const images = index.index.manifests;
  const named = images.filter((entry) => isNamed(entry, tag));
  const [only] = images;
  const found = named[0] ?? (address.tag === undefined && images.length === 1 ? only : undefined);
  if (found !== undefined) return found.digest;
  const tags = images.map((entry) => entry.annotations?.[refName]).filter((name) => name !== undefined);
  throw buildError('user', 'layout-no-image', `OCI layout ${directory} has no image ${tag}`, {
    hints: [
      tags.length === 0 ? 'name one by digest: oci-layout://DIR@sha256:…' : `it has ${tags.join(', ')}`,
    ],
  });
}

/** The annotation is a tag, or, as some tools write it, a whole reference. */
function isNamed(entry: Descriptor, tag: string): boolean {
  const name = entry.annotations?.[refName];
  return name === tag || name?.endsWith(`:${tag}`) === true;
}

/**
 * Takes the image of one platform into the store, all blobs verified; gives the digest of its manifest.
 * `shown` names it in messages.
 */
export async function importLayout(
  directory: string,
  root: Digest,
  platform: Platform,
  blobs: LocalBlobStore,
  shown: string,
  signal: AbortSignal,
): Promise<Digest> {
  const found = await resolveImage(shown, root, platform, {
    manifest: async (name) => {
      const digest = parseDigest(name);
      assert(digest !== undefined, 'images of a layout are asked for by digest');
      return {digest, bytes: await readBlob(directory, digest)};
    },
    small: ({digest}) => readBlob(directory, digest),
  }).catch((error: unknown) => {
    throw error instanceof BadAnswer ? broken(directory, error.message) : error;
  });
  await blobs.put(found.manifestBytes);
  await blobs.put(await readBlob(directory, found.configDescriptor.digest));
  for (const layer of found.manifest.layers) await importBlob(directory, layer, blobs, signal);
  return found.manifestDigest;
}

async function importBlob(
  directory: string,
  {digest, size}: Descriptor,
  blobs: LocalBlobStore,
  signal: AbortSignal,
): Promise<void> {
  if (await blobs.has(digest)) return;
  const sink = await blobs.open({digest, size});
  try {
    const bytes = createReadStream(blobPath(directory, digest), {highWaterMark: 1024 * 1024, signal});
    for await (const piece of bytes) await sink.write(piece as Buffer);
    await sink.commit();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw broken(directory, `blob ${digest} is missing`);
    if (error instanceof BuildError && error.kind === 'environment')
      throw broken(directory, `blob ${digest}: ${error.message}`);
    throw error;
  } finally {
    await sink.abort();
  }
}

async function readBlob(directory: string, digest: Digest): Promise<Uint8Array> {
  const bytes = await readDocument(blobPath(directory, digest), directory);
  if (digestOf(bytes) === digest) return bytes;
  throw broken(directory, `blob ${digest} holds something else`);
}

async function readDocument(path: string, directory: string): Promise<Uint8Array> {
  try {
    const {size} = await stat(path);
    if (size > documentBytesMax) throw broken(directory, `${path} is too large`);
    return await readFile(path);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw buildError('user', 'layout-missing', `${directory} is no OCI layout: there is no ${path}`, {
        cause: error,
      });
    }
    throw buildError('environment', 'layout-unreadable', `cannot read ${path}: ${refusalText(error)}`, {
      cause: error,
    });
  }
}

function blobPath(directory: string, digest: Digest): string {
  return join(directory, 'blobs', 'sha256', hexOf(digest));
}

function broken(directory: string, reason: string): Error {
  return buildError('user', 'layout-broken', `OCI layout ${directory}: ${reason}`, {
    hints: ['export it again, or check it with another tool'],
  });
}
