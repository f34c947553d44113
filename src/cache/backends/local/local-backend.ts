// type=local: a directory, such as one that a CI system saves between jobs. Documents lie in `records/<name>`, blobs in
// `blobs/sha256/<hex>`; both are written aside and renamed, so that any number of builds may share it.

import {randomBytes} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {mkdir, open, readFile, rename, rm, stat} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import type {Descriptor} from '../../../oci/descriptor.ts';
import {type Digest, digestOf, hexOf} from '../../../oci/digest.ts';
import {mediaTypes} from '../../../oci/media-types.ts';
import {parseManifest} from '../../../oci/parse-manifest.ts';
import type {BuildkitCache} from '../../buildkit/cache-config.ts';
import {cacheManifestOf, readManifestCache} from '../../buildkit/cache-manifest.ts';
import type {BackendFactory, BackendPlace, CacheBackend} from '../backend.ts';
import {requiredOption} from '../read-options.ts';

const documentBytesMax = 4 * 1024 * 1024;
/** Of what BuildKit tells of all its records in one blob. */
const configBytesMax = 64 * 1024 * 1024;

export const localBackend: BackendFactory = {
  type: 'local',
  options: {
    src: 'directory to read from',
    dest: 'directory to write to',
    tag: "which of BuildKit's caches is read; our records of all tags lie together, and are found by their keys",
    digest: "which of BuildKit's caches is read, by the digest of its manifest",
  },
  create(options, services, direction) {
    const key = direction === 'from' ? 'src' : 'dest';
    const directory = resolve(services.workingDirectory, requiredOption('local', options, key));
    return new LocalBackend(directory, {tag: options.get('tag'), digest: options.get('digest')});
  },
};

/** Undefined fields: any. */
interface Wanted {
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

class LocalBackend implements CacheBackend {
  readonly name: string;
  readonly place: BackendPlace;
  readonly #directory: string;
  readonly #wanted: Wanted;

  constructor(directory: string, wanted: Wanted) {
    this.#directory = directory;
    this.#wanted = wanted;
    this.name = `local ${directory}`;
    this.place = {type: 'local', options: {src: directory}};
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return readDocument(join(this.#directory, 'records', name));
  }

  /** BuildKit's caches in directories are OCI layouts; the one that was written last has the tag `latest`. */
  async buildkit(): Promise<readonly BuildkitCache[]> {
    const bytes = await readDocument(join(this.#directory, 'index.json'));
    const layout = bytes && parseManifest(bytes, mediaTypes.index);
    if (layout?.kind !== 'index') return [];
    const found: BuildkitCache[] = [];
    for (const {digest, mediaType, annotations} of layout.index.manifests) {
      const tag = annotations?.['org.opencontainers.image.ref.name'];
      if (this.#wanted.tag !== undefined && this.#wanted.tag !== tag) continue;
      if (this.#wanted.digest !== undefined && this.#wanted.digest !== digest) continue;
      const manifest = await this.#verified(digest);
      const cache = manifest && cacheManifestOf(parseManifest(manifest, mediaType));
      if (cache === undefined) continue;
      found.push(
        await readManifestCache(cache, async (blob) => (await this.#verified(blob.digest)) ?? Buffer.of()),
      );
    }
    return found;
  }

  async #verified(digest: Digest): Promise<Uint8Array | undefined> {
    const bytes = await readDocument(join(this.#directory, 'blobs', 'sha256', hexOf(digest)), configBytesMax);
    if (bytes !== undefined && digestOf(bytes) !== digest) throw new Error(`blob ${digest} has other bytes`);
    return bytes;
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#place(['records'], name, [bytes]);
  }

  async hasBlob(blob: Descriptor): Promise<boolean> {
    const found = await orAbsent(stat(this.#blobPath(blob)));
    return found?.size === blob.size;
  }

  async *readBlob(blob: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* createReadStream(this.#blobPath(blob), {
      signal,
      highWaterMark: 1 << 20,
    }) as AsyncIterable<Uint8Array>;
  }

  async writeBlob(blob: Descriptor, bytes: () => AsyncIterable<Uint8Array>): Promise<void> {
    await this.#place(['blobs', 'sha256'], hexOf(blob.digest), bytes());
  }

  #blobPath(blob: Descriptor): string {
    return join(this.#directory, 'blobs', 'sha256', hexOf(blob.digest));
  }

  async #place(
    folders: readonly string[],
    name: string,
    bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    const folder = join(this.#directory, ...folders);
    await mkdir(folder, {recursive: true});
    const temporary = join(folder, `.${name}.${randomBytes(8).toString('hex')}`);
    const file = await open(temporary, 'wx', 0o644);
    try {
      for await (const piece of bytes) await file.writeFile(piece);
      await file.datasync();
      await rename(temporary, join(folder, name));
    } catch (error) {
      await rm(temporary, {force: true});
      throw error;
    } finally {
      await file.close();
    }
  }
}

/** A directory that others wrote: what is no file could be read for ever, and what is huge would fill the memory. */
async function readDocument(path: string, bytesMax = documentBytesMax): Promise<Uint8Array | undefined> {
  const found = await orAbsent(stat(path));
  if (found === undefined) return undefined;
  if (!found.isFile() || found.size > bytesMax)
    throw new Error(`${path} is no file of ${bytesMax} bytes at most`);
  return orAbsent(readFile(path));
}

async function orAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
