// Cache mounts that other machines wrote. Asked for when a step is about to get a mount that is not here: first in the
// scope of this build, then in the scope that all share. Everything is verified before anything is unpacked. A place
// that fails or gives what it cannot have is told of once and left alone; the mount then begins as if nobody had it.

import {open} from 'node:fs/promises';
import {promisify} from 'node:util';
import {gunzip} from 'node:zlib';
import {buildError} from '../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import {digestOf} from '../../oci/digest.ts';
import type {CacheName} from '../../store/cache-mounts.ts';
import {errorText} from '../../util/error-text.ts';
import {mapLimited} from '../../util/map-limited.ts';
import {type Chunk, defaultScope} from './mount-document.ts';
import {chunksAt, type MountPlace, verifiedBlob} from './mount-place.ts';

const gunzipped = promisify(gunzip);
const fetchesMax = 4;
/** Held in memory at once, a MiB each. */
const windowSize = 16;

export interface MountImportsOptions {
  /** In the order to ask. */
  readonly places: readonly MountPlace[];
  readonly warn: (diagnostic: Diagnostic) => void;
}

export class MountImports {
  readonly #options: MountImportsOptions;
  readonly #given = new Set<MountPlace>();

  constructor(options: MountImportsOptions) {
    this.#options = options;
  }

  /** Writes the tar of a mount to the new file `path`; gives where it is from. Undefined: nobody has it. */
  async fetch(cache: CacheName, path: string, signal: AbortSignal): Promise<string | undefined> {
    for (const place of this.#options.places) {
      if (this.#given.has(place) || place.ids?.has(cache.id) === false) continue;
      try {
        for (const scope of new Set([place.scope, defaultScope])) {
          const chunks = await chunksAt(place, {...cache, scope}, signal);
          if (chunks === undefined) continue;
          await this.#write(place, chunks, path, signal);
          return `scope ${scope} of cache ${place.backend.name}`;
        }
      } catch (error) {
        if (signal.aborted) throw error;
        this.#giveUp(place, error);
      }
    }
    return undefined;
  }

  async #write(
    place: MountPlace,
    chunks: readonly Chunk[],
    path: string,
    signal: AbortSignal,
  ): Promise<void> {
    const file = await open(path, 'w', 0o600);
    try {
      for (let start = 0; start < chunks.length; start += windowSize) {
        const part = chunks.slice(start, start + windowSize);
        const pieces = await mapLimited(part, fetchesMax, (chunk) => chunkBytes(place, chunk, signal));
        await file.writeFile(Buffer.concat(pieces));
      }
    } finally {
      await file.close();
    }
  }

  #giveUp(place: MountPlace, error: unknown): void {
    this.#given.add(place);
    const reason = errorText(error);
    const message = `cache mounts of cache ${place.backend.name} are not used in this build: ${reason}`;
    this.#options.warn({severity: 'warning', code: 'cache-import', message});
  }
}

async function chunkBytes({backend}: MountPlace, chunk: Chunk, signal: AbortSignal): Promise<Uint8Array> {
  const packed = await verifiedBlob(backend, chunk.blob, signal);
  const bytes = await gunzipped(packed, {maxOutputLength: chunk.size}).catch(() => undefined);
  if (bytes?.length === chunk.size && digestOf(bytes) === chunk.digest) return bytes;
  throw buildError('environment', 'cache-wrong-blob', `chunk ${chunk.digest} has other bytes`);
}
