// Blobs by digest in `blobs/sha256/<hex>`, the OCI layout's own shape. A name there means a complete and verified blob:
// bytes are written to a temporary file in `work/`, hashed on the way, synced and renamed, so kill -9 or a power cut
// leave temporary files at worst. Blobs are immutable; writers of one digest, in any number of processes, end with the
// same bytes, so whoever is later drops its own copy.

import {createHash, randomBytes} from 'node:crypto';
import {createReadStream, statSync} from 'node:fs';
import {mkdir, open, readdir, rename, rm, stat, unlink} from 'node:fs/promises';
import {join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {type Digest, digestOf, hexOf, parseDigest} from '../oci/digest.ts';
import {assert} from '../util/assert.ts';
import {systemClock} from '../util/clock.ts';
import {type BlobExpectation, type BlobSink, FileSink, isSealed, seal, storedMode} from './blob-sink.ts';
import {handlePieces, pieceBytes} from './file-pieces.ts';
import {Leases} from './leases.ts';
import {locksOf} from './lock.ts';
import {takePartial} from './partial-blobs.ts';
import {isAlive, ownProcess} from './process-start.ts';
import {readSmallFile} from './small-file.ts';

export interface BlobReader {
  /** Path of the complete, verified blob; throws BuildError when the store has none. */
  path(digest: Digest): Promise<string>;
}

export interface BlobInfo {
  readonly digest: Digest;
  readonly size: number;
  /** When it was stored, in milliseconds since 1970. */
  readonly storedMs: number;
}

export interface BlobStore extends BlobReader {
  has(digest: Digest): Promise<boolean>;
  stat(digest: Digest): Promise<BlobInfo | undefined>;
  /**
   * The bytes of a small blob (manifest, config), verified again; throws BuildError when missing, rotten or too
   * large.
   */
  read(digest: Digest, bytesMax?: number): Promise<Uint8Array>;
  /** The bytes in pieces, unverified: for what is verified by its reader. */
  stream(digest: Digest): AsyncIterable<Uint8Array>;
  /** Stores bytes and gives their digest. */
  put(bytes: Uint8Array): Promise<Digest>;
  open(expected?: BlobExpectation): Promise<BlobSink>;
  /**
   * The same for a blob from far away, which goes on where an earlier sink was left, by this process or one that died:
   * `size` says where. Waits for another process that receives the blob; undefined when it is here already.
   */
  receive(blob: ReceivedBlob, signal: AbortSignal, onWait?: () => void): Promise<BlobSink | undefined>;
  /** A path that nobody else uses, in the store's file system, for a blob that another program writes; see `adopt`. */
  reserve(): Promise<string>;
  /** Takes a complete and synced file in. Its size is checked; its digest is the caller's word, who hashed it while writing. */
  adopt(path: string, blob: {readonly digest: Digest; readonly size: number}): Promise<void>;
  /** True when there was one. */
  delete(digest: Digest): Promise<boolean>;
  list(): AsyncIterable<BlobInfo>;
  /** Removes temporary files whose writers are dead and that nobody wrote to for `idleMs`; gives how many. */
  sweep(idleMs?: number): Promise<number>;
}

export interface ReceivedBlob {
  readonly digest: Digest;
  readonly size: number;
}

/** Told of a path, and whether something is there. */
export type OnLook = (path: string, isHere: boolean) => void;

const smallBlobMax = 32 * 1024 * 1024;
/**
 * Pid namespaces may share a store, and a pid of another one looks dead here: what is still written to is left alone.
 */
const idleMinMs = 15 * 60_000;
const temporarySuffix = '.blob';

export class LocalBlobStore implements BlobStore {
  readonly #root: string;
  readonly #blobs: string;
  readonly #work: string;
  readonly #leases: Leases;
  readonly #onLook: OnLook;
  #prepared: Promise<string> | undefined;

  /** `root` is the state directory; its folders are made when first written to. `onLook` is told which blobs are there. */
  constructor(root: string, onLook: OnLook = () => {}) {
    this.#root = root;
    this.#blobs = join(root, 'blobs', 'sha256');
    this.#work = join(root, 'work');
    this.#leases = Leases.of(root);
    this.#onLook = onLook;
  }

  async path(digest: Digest): Promise<string> {
    if (!(await this.has(digest))) throw missing(digest);
    return this.#pathOf(digest);
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.stat(digest)) !== undefined;
  }

  /** What it finds stays for as long as this process lives. */
  async stat(digest: Digest): Promise<BlobInfo | undefined> {
    await this.#leases.hold('blob', digest);
    const info = await this.#infoOf(digest);
    this.#onLook(this.#pathOf(digest), info !== undefined);
    return info;
  }

  async #infoOf(digest: Digest): Promise<BlobInfo | undefined> {
    try {
      const found = statSync(this.#pathOf(digest));
      if (found.nlink > 1 && !isSealed(found) && !(await this.#sealAgain(digest))) return undefined;
      return {digest, size: found.size, storedMs: found.mtimeMs};
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Somebody may have written to a blob by another name of its file. False: it was damaged, and is gone. */
  async #sealAgain(digest: Digest): Promise<boolean> {
    const path = this.#pathOf(digest);
    const handle = await open(path, 'r');
    try {
      const hash = createHash('sha256');
      for await (const piece of handlePieces(handle)) hash.update(piece);
      if (`sha256:${hash.digest('hex')}` === digest) {
        await seal(handle);
        return true;
      }
    } finally {
      await handle.close();
    }
    await rm(path, {force: true});
    return false;
  }

  async read(digest: Digest, bytesMax = smallBlobMax): Promise<Uint8Array> {
    const info = await this.stat(digest);
    if (info === undefined) throw missing(digest);
    if (info.size > bytesMax) {
      const text = `blob ${digest} has ${info.size} bytes, more than the ${bytesMax} it may have`;
      throw buildError('environment', 'store-blob-too-large', text);
    }
    const bytes = await readSmallFile(this.#pathOf(digest));
    if (digestOf(bytes) === digest) return bytes;
    throw buildError('environment', 'store-blob-corrupt', `blob ${digest} is damaged on disk`, {
      notes: [this.#pathOf(digest)],
      hints: ['remove that file and build again, and check the disk'],
    });
  }

  async *stream(digest: Digest): AsyncIterable<Uint8Array> {
    const path = await this.path(digest);
    yield* createReadStream(path, {highWaterMark: pieceBytes}) as AsyncIterable<Uint8Array>;
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    if (await this.has(digest)) return digest;
    const sink = await this.open({digest, size: bytes.length});
    try {
      await sink.write(bytes);
      await sink.commit();
    } finally {
      await sink.abort();
    }
    return digest;
  }

  async open(expected: BlobExpectation = {}): Promise<BlobSink> {
    const path = await this.reserve();
    const handle = await open(path, 'wx', storedMode);
    const publish = ({digest}: ReceivedBlob): Promise<void> => this.#publish(path, digest);
    return new FileSink({handle, publish, leave: () => rm(path, {force: true})}, expected);
  }

  async receive(blob: ReceivedBlob, signal: AbortSignal, onWait?: () => void): Promise<BlobSink | undefined> {
    // Nothing is written of a smaller one before all of it is here.
    if (blob.size <= pieceBytes) return this.open(blob);
    this.#prepared ??= this.#prepare();
    await this.#prepared;
    const held = await locksOf(this.#root).lock(`partial ${blob.digest}`, signal, onWait);
    try {
      if (await this.has(blob.digest)) {
        held.release();
        return undefined;
      }
      const publish = (path: string): Promise<void> => this.#publish(path, blob.digest);
      return new FileSink(await takePartial(this.#root, blob, {publish, held}, signal), blob);
    } catch (error) {
      held.release();
      throw error;
    }
  }

  async reserve(): Promise<string> {
    this.#prepared ??= this.#prepare();
    const owner = await this.#prepared;
    return join(this.#work, `${owner}.${randomBytes(12).toString('hex')}${temporarySuffix}`);
  }

  async adopt(path: string, blob: {readonly digest: Digest; readonly size: number}): Promise<void> {
    const handle = await open(path, 'r');
    try {
      const {size} = await handle.stat();
      assert(size === blob.size, `${path} has ${size} bytes, its writer said ${blob.size}`);
      await handle.chmod(storedMode);
      await seal(handle);
    } finally {
      await handle.close();
    }
    this.#prepared ??= this.#prepare();
    await this.#prepared;
    await this.#publish(path, blob.digest);
  }

  async delete(digest: Digest): Promise<boolean> {
    try {
      await unlink(this.#pathOf(digest));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async *list(): AsyncIterable<BlobInfo> {
    for (const name of await namesIn(this.#blobs)) {
      const digest = parseDigest(`sha256:${name}`);
      const info = digest === undefined ? undefined : await this.#infoOf(digest);
      if (info !== undefined) yield info;
    }
  }

  async sweep(idleMs = idleMinMs): Promise<number> {
    let swept = 0;
    for (const name of await namesIn(this.#work)) {
      if (!name.endsWith(temporarySuffix)) continue;
      if (isAlive(name)) continue;
      const path = join(this.#work, name);
      const writtenMs = await stat(path).then(
        (found) => found.mtimeMs,
        () => Number.POSITIVE_INFINITY,
      );
      if (systemClock.nowMs() - writtenMs < idleMs) continue;
      await rm(path, {force: true});
      swept++;
    }
    return swept;
  }

  #pathOf(digest: Digest): string {
    return join(this.#blobs, hexOf(digest));
  }

  async #prepare(): Promise<string> {
    await mkdir(this.#blobs, {recursive: true, mode: 0o700});
    await mkdir(this.#work, {recursive: true, mode: 0o700});
    return ownProcess();
  }

  /** Gives a complete, synced file its name; the folder is synced too, so that a record may rely on the blob. */
  async #publish(path: string, digest: Digest): Promise<void> {
    if (await this.has(digest)) {
      await rm(path, {force: true});
      return;
    }
    await rename(path, this.#pathOf(digest));
    const folder = await open(this.#blobs, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function missing(digest: Digest): Error {
  return buildError('environment', 'store-blob-missing', `blob ${digest} is not in the store`);
}
