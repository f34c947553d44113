// A cache mount as other machines read it (docs/formats/cache-record.md): a small document that says whose it is and
// names a list of chunks, which is a blob. All of it came from outside when it is read: it is taken only if it is about
// the cache that was asked for, in the scope that was asked for, and within limits that keep a build alive.

import {hash} from 'node:crypto';
import {gunzipSync, gzipSync} from 'node:zlib';
import type {Descriptor} from '../../oci/descriptor.ts';
import {type Digest, hexOf, parseDigest} from '../../oci/digest.ts';
import type {CacheName} from '../../store/cache-mounts.ts';
import {canonicalJson} from '../../util/canonical-json.ts';
import {chunkBytesMax} from './chunker.ts';

const format = 1;
const listType = 'application/vnd.tsbuild.cache.chunks.v1+gzip';
const chunkType = 'application/vnd.tsbuild.cache.chunk.v1+gzip';
/** A manifest of a registry names them all, and may have 4 MiB. */
export const chunksMax = 20_000;
const listBytesMax = 16 * 1024 * 1024;
/** Of a chunk that does not become smaller, and some more for the frame. */
const blobBytesMax = chunkBytesMax + 4096;
const slugLength = 16;

/** What everybody reads who finds nothing in the scope of their own. */
export const defaultScope = 'main';

/** A cache mount in a scope, such as a branch. */
export interface ScopedMount extends CacheName {
  readonly scope: string;
}

export interface Chunk {
  /** Of the bytes themselves. */
  readonly digest: Digest;
  readonly size: number;
  /** The bytes as they lie in the cache. */
  readonly blob: Descriptor;
}

export interface MountProblem {
  readonly problem: string;
}

/** The scope can be seen in it, so that a service can be told who may write which names. */
export function mountDocumentName({scope, id, variant}: ScopedMount): string {
  const slug = scope.replaceAll(/[^A-Za-z0-9_]+/g, '-').slice(0, slugLength);
  const scopeHash = hash('sha256', scope, 'hex').slice(0, 8);
  const key = hash('sha256', JSON.stringify([scope, id, variant]), 'hex').slice(0, 32);
  return `m-${slug}-${scopeHash}-${key}`;
}

export function chunkBlob(digest: Digest, size: number): Descriptor {
  return {mediaType: chunkType, digest, size};
}

export function listBlob(digest: Digest, size: number): Descriptor {
  return {mediaType: listType, digest, size};
}

export function formatMount({scope, id, variant}: ScopedMount, list: Descriptor): Uint8Array {
  const {digest, size} = list;
  return Buffer.from(canonicalJson({format, scope, id, variant, list: {digest, size}}));
}

/** The list of chunks that the document names. */
export function parseMount(wanted: ScopedMount, bytes: Uint8Array): Descriptor | MountProblem {
  const json = jsonOf(bytes) as Readonly<Record<string, unknown>> | undefined;
  if (typeof json !== 'object' || json === null) return {problem: 'is no JSON object'};
  if (json['format'] !== format) return {problem: `has format ${String(json['format'])}, not ${format}`};
  for (const member of ['scope', 'id', 'variant'] as const) {
    if (json[member] !== wanted[member]) return {problem: `is of another ${member}`};
  }
  const list = json['list'] as {readonly digest?: unknown; readonly size?: unknown} | undefined;
  const digest = parseDigest(String(list?.digest));
  if (digest === undefined || !isSize(list?.size, listBytesMax)) return {problem: 'names no list of chunks'};
  return listBlob(digest, list.size);
}

export function formatChunks(chunks: readonly Chunk[]): Uint8Array {
  const rows = chunks.map(({digest, size, blob}) => [hexOf(digest), size, hexOf(blob.digest), blob.size]);
  return gzipSync(canonicalJson(rows));
}

export function parseChunks(bytes: Uint8Array): readonly Chunk[] | MountProblem {
  const rows = jsonOf(unpacked(bytes));
  if (!Array.isArray(rows) || rows.length > chunksMax) return {problem: 'has no list of chunks'};
  const chunks = rows.map((row) => chunkOf(row));
  const good = chunks.filter((chunk) => chunk !== undefined);
  return good.length === chunks.length ? good : {problem: 'has a chunk that cannot be'};
}

function chunkOf(row: unknown): Chunk | undefined {
  if (!Array.isArray(row)) return undefined;
  const [own, size, packed, packedSize] = row as unknown[];
  const [digest, blob] = [parseDigest(`sha256:${own}`), parseDigest(`sha256:${packed}`)];
  if (digest === undefined || blob === undefined) return undefined;
  if (!isSize(size, chunkBytesMax) || !isSize(packedSize, blobBytesMax)) return undefined;
  return {digest, size, blob: chunkBlob(blob, packedSize)};
}

function unpacked(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, {maxOutputLength: listBytesMax});
  } catch {
    return new Uint8Array();
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes));
  } catch {
    return undefined;
  }
}

function isSize(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= max;
}
