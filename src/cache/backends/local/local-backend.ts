// type=local: a directory, such as one that a CI system saves between jobs. Documents lie in `records/<name>`, blobs in
// `blobs/sha256/<hex>`; both are written aside and renamed, so that any number of builds may share it.

import {randomBytes} from 'node:crypto';
import {createReadStream, existsSync} from 'node:fs';
import {mkdir, open, readFile, rename, rm, stat} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import type {Descriptor} from '../../../oci/descriptor.ts';
import {hexOf} from '../../../oci/digest.ts';
import type {BackendFactory, BackendPlace, CacheBackend} from '../backend.ts';
import {buildkitRemark, requiredOption} from '../read-options.ts';

export const localBackend: BackendFactory = {
  type: 'local',
  options: {src: 'directory to read from', dest: 'directory to write to'},
  create(options, services, direction) {
    const key = direction === 'from' ? 'src' : 'dest';
    const directory = resolve(services.workingDirectory, requiredOption('local', options, key));
    return new LocalBackend(directory);
  },
};

class LocalBackend implements CacheBackend {
  readonly name: string;
  readonly place: BackendPlace;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.name = `local ${directory}`;
    this.place = {type: 'local', options: {src: directory}};
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return orAbsent(readFile(join(this.#directory, 'records', name)));
  }

  /** BuildKit's caches in directories are OCI layouts. */
  remark(): string | undefined {
    const has = (name: string): boolean => existsSync(join(this.#directory, name));
    return has('index.json') && !has('records') ? buildkitRemark : undefined;
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

async function orAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
