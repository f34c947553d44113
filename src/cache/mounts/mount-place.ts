// A place that shares cache mounts, with the scope and the ids that a build has to do with there: reads what lies
// there, verified.

import {buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {digestOf} from '../../oci/digest.ts';
import type {CacheBackend} from '../backends/backend.ts';
import {withPatience} from '../patience.ts';
import {steady} from '../steady.ts';
import {type Chunk, mountDocumentName, parseChunks, parseMount, type ScopedMount} from './mount-document.ts';

export interface MountPlace {
  readonly backend: CacheBackend;
  readonly scope: string;
  /** Undefined: all. */
  readonly ids: ReadonlySet<string> | undefined;
  readonly patienceMs: number;
}

/** The chunks of a cache mount in a scope; undefined: there is none. Throws where it is not what it has to be. */
export async function chunksAt(
  {backend, patienceMs}: MountPlace,
  mount: ScopedMount,
  signal: AbortSignal,
): Promise<readonly Chunk[] | undefined> {
  const name = mountDocumentName(mount);
  const bytes = await withPatience(signal, patienceMs, (limited) =>
    backend.readLatest === undefined ? backend.read(name, limited) : backend.readLatest(name, limited),
  );
  if (bytes === undefined) return undefined;
  const list = parseMount(mount, bytes);
  if ('problem' in list) throw brokenMount(list.problem);
  const chunks = parseChunks(await verifiedBlob(backend, list, signal));
  if ('problem' in chunks) throw brokenMount(chunks.problem);
  return chunks;
}

/** The bytes of a small blob. */
export async function verifiedBlob(
  backend: CacheBackend,
  blob: Descriptor,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of steady(backend.readBlob(blob, signal))) {
    size += piece.length;
    if (size > blob.size) break;
    pieces.push(piece);
  }
  const bytes = Buffer.concat(pieces);
  if (size === blob.size && digestOf(bytes) === blob.digest) return bytes;
  throw buildError('environment', 'cache-wrong-blob', `blob ${blob.digest} has other bytes`);
}

function brokenMount(problem: string): Error {
  return buildError('environment', 'cache-broken-mount', `a cache mount ${problem}`);
}
