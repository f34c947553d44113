// Writes cache mounts to a place that shares them: the tar of a mount in chunks, of which only those travel that are
// not there. Lists go after their chunks, the document last. It is written in the scope of this build and in no other.

import {createReadStream} from 'node:fs';
import {promisify} from 'node:util';
import {gzip} from 'node:zlib';
import {buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {digestOf} from '../../oci/digest.ts';
import type {CacheName} from '../../store/cache-mounts.ts';
import {chunksOf} from './chunker.ts';
import {
  type Chunk,
  chunkBlob,
  chunksMax,
  formatChunks,
  formatMount,
  listBlob,
  mountDocumentName,
} from './mount-document.ts';
import {chunksAt, type MountPlace} from './mount-place.ts';

const gzipped = promisify(gzip);
const uploadsMax = 4;
/** Most of what caches keep is compressed already. */
const compressionLevel = 1;

export class MountExport {
  readonly #place: MountPlace;
  readonly #signal: AbortSignal;

  constructor(place: MountPlace, signal: AbortSignal) {
    this.#place = place;
    this.#signal = signal;
  }

  wants({id}: CacheName): boolean {
    return this.#place.ids?.has(id) ?? true;
  }

  /** Whether this scope has the mount already, in whatever state. */
  async has(cache: CacheName): Promise<boolean> {
    return (await this.#known(cache)) !== undefined;
  }

  /** Writes what the tar at `path` holds. */
  async write(cache: CacheName, path: string): Promise<void> {
    const known = (await this.#known(cache)) ?? [];
    const blobs = new Map(known.map(({digest, blob}) => [digest, blob]));
    const chunks: Chunk[] = [];
    const running = new Set<Promise<void>>();
    for await (const bytes of chunksOf(createReadStream(path, {highWaterMark: 1 << 20}))) {
      const index = chunks.length;
      if (index === chunksMax) throw tooLarge(cache);
      const digest = digestOf(bytes);
      chunks.push({digest, size: bytes.length, blob: chunkBlob(digest, bytes.length)});
      if (running.size === uploadsMax) await Promise.race(running);
      const sending = this.#send(bytes, blobs.get(digest)).then((blob) => {
        chunks[index] = {digest, size: bytes.length, blob};
      });
      const counted = sending.finally(() => running.delete(counted));
      // Who waits for it may still be reading: a failure in between is none that nobody looks at.
      counted.catch(() => undefined);
      running.add(counted);
    }
    await Promise.all(running);
    if (sameChunks(known, chunks)) return;
    await this.#writeDocument(cache, chunks);
  }

  async #writeDocument(cache: CacheName, chunks: readonly Chunk[]): Promise<void> {
    const {backend, scope} = this.#place;
    const bytes = formatChunks(chunks);
    const list = listBlob(digestOf(bytes), bytes.length);
    await this.#put(list, bytes);
    const mount = {...cache, scope};
    const [name, document] = [mountDocumentName(mount), formatMount(mount, list)];
    if (backend.writeLatest !== undefined) return backend.writeLatest(name, document, this.#signal);
    await backend.write(name, document, [list, ...chunks.map(({blob}) => blob)], this.#signal);
  }

  /** `known`: what the bytes were packed to the last time; another zlib would pack them differently. */
  async #send(bytes: Uint8Array, known: Descriptor | undefined): Promise<Descriptor> {
    if (known !== undefined && (await this.#place.backend.hasBlob(known, this.#signal))) return known;
    const packed = await gzipped(bytes, {level: compressionLevel});
    const blob = chunkBlob(digestOf(packed), packed.length);
    await this.#put(blob, packed);
    return blob;
  }

  async #put(blob: Descriptor, bytes: Uint8Array): Promise<void> {
    const {backend} = this.#place;
    if (await backend.hasBlob(blob, this.#signal)) return;
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
    };
    await backend.writeBlob(blob, open, this.#signal);
  }

  /** What is broken is written anew. */
  async #known(cache: CacheName): Promise<readonly Chunk[] | undefined> {
    const mount = {...cache, scope: this.#place.scope};
    return chunksAt(this.#place, mount, this.#signal).catch(() => undefined);
  }
}

function sameChunks(a: readonly Chunk[], b: readonly Chunk[]): boolean {
  return a.length === b.length && a.every(({blob}, index) => blob.digest === b[index]?.blob.digest);
}

function tooLarge({id}: CacheName): Error {
  return buildError(
    'environment',
    'cache-mount-too-large',
    `cache mount ${id} has more than ${chunksMax} chunks`,
    {
      hints: ['tsbuild cache-mount prune makes it smaller'],
    },
  );
}
