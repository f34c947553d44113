// One blob on its way into the store: a temporary file that is hashed while it is written, checked against what was
// expected, synced, and only then given its name. Whatever goes wrong, the file is gone afterwards.

import {createHash} from 'node:crypto';
import {type FileHandle, rm} from 'node:fs/promises';
import {buildError} from '../diagnostics/build-error.ts';
import {type Digest, parseDigest} from '../oci/digest.ts';
import {assert} from '../util/assert.ts';
import {systemClock} from '../util/clock.ts';

/** A blob in the making. Exactly one of `commit` and `abort` ends it; `abort` after either does nothing. */
export interface BlobSink {
  /** Bytes taken so far. */
  readonly size: number;
  write(bytes: Uint8Array): Promise<void>;
  /** Verifies what was expected, syncs and makes the blob visible. Throws BuildError on a mismatch, leaving nothing. */
  commit(): Promise<{readonly digest: Digest; readonly size: number}>;
  abort(): Promise<void>;
}

export interface BlobExpectation {
  readonly digest?: Digest;
  readonly size?: number;
}

/** Read-only for everybody: an export may be a hard link, and an edit of it must not reach the store. */
export const storedMode = 0o444;

/**
 * Root edits what is read-only. A blob gets a time of whole seconds when it is complete, which a write to it would not
 * leave (docs/adr/0017).
 */
export async function seal(file: Pick<FileHandle, 'utimes'>): Promise<void> {
  const seconds = Math.floor(systemClock.nowMs() / 1000);
  await file.utimes(seconds, seconds);
}

/** Not whether it is what it should be: whether nobody wrote to it since. */
export function isSealed({mtimeMs}: {readonly mtimeMs: number}): boolean {
  return mtimeMs % 1000 === 0;
}

const pieceBytes = 1024 * 1024;

export class FileSink implements BlobSink {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #expected: BlobExpectation;
  readonly #publish: (blob: {digest: Digest; size: number}) => Promise<void>;
  readonly #hash = createHash('sha256');
  /** Gathers small writes: one system call and one hop through the thread pool per MiB, not per packet. */
  readonly #gathered = Buffer.allocUnsafe(pieceBytes);
  #gatheredBytes = 0;
  #writing = false;
  #ended = false;
  size = 0;

  constructor(
    handle: FileHandle,
    path: string,
    expected: BlobExpectation,
    publish: (blob: {digest: Digest; size: number}) => Promise<void>,
  ) {
    this.#handle = handle;
    this.#path = path;
    this.#expected = expected;
    this.#publish = publish;
  }

  async write(bytes: Uint8Array): Promise<void> {
    assert(!this.#ended, 'a blob is written before it is committed');
    this.size += bytes.length;
    if (this.#expected.size !== undefined && this.size > this.#expected.size) {
      await this.abort();
      throw mismatch(`blob has more than the ${this.#expected.size} bytes announced`);
    }
    assert(!this.#writing, 'writes to a blob are awaited');
    this.#writing = true;
    this.#hash.update(bytes);
    if (this.#gatheredBytes + bytes.length > pieceBytes) await this.#flush();
    // Copied: the caller may use its buffer again as soon as this resolves.
    if (bytes.length > pieceBytes) {
      await this.#writeAll(bytes);
    } else {
      this.#gathered.set(bytes, this.#gatheredBytes);
      this.#gatheredBytes += bytes.length;
    }
    this.#writing = false;
  }

  async commit(): Promise<{readonly digest: Digest; readonly size: number}> {
    assert(!this.#ended, 'a blob is committed once');
    try {
      const digest = parseDigest(`sha256:${this.#hash.digest('hex')}`);
      assert(digest !== undefined, 'sha256 gives a digest');
      const blob = {digest, size: this.size};
      const {digest: wanted, size} = this.#expected;
      if (size !== undefined && size !== this.size) {
        throw mismatch(`blob has ${this.size} bytes, ${size} were announced`);
      }
      if (wanted !== undefined && wanted !== digest) {
        throw mismatch(`blob has digest ${digest}, expected ${wanted}`);
      }
      await this.#flush();
      await seal(this.#handle);
      await this.#handle.datasync();
      this.#ended = true;
      await this.#handle.close();
      await this.#publish(blob);
      return blob;
    } catch (error) {
      await this.#discard();
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (!this.#ended) await this.#discard();
  }

  async #discard(): Promise<void> {
    if (!this.#ended) await this.#handle.close();
    this.#ended = true;
    await rm(this.#path, {force: true});
  }

  async #flush(): Promise<void> {
    await this.#writeAll(this.#gathered.subarray(0, this.#gatheredBytes));
    this.#gatheredBytes = 0;
  }

  /** write(2) may take less than it was given; the rest is written again. */
  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#handle.write(bytes, done, bytes.length - done)).bytesWritten;
      }
    } catch (error) {
      throw unwritable(error);
    }
  }
}

function unwritable(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const reasons: Readonly<Record<string, string>> = {
    ENOSPC: 'no space left on device',
    EDQUOT: 'disk quota exceeded',
    EROFS: 'read-only file system',
    EIO: 'input/output error',
  };
  const reason = code === undefined ? undefined : reasons[code];
  if (reason === undefined) return error;
  return buildError('environment', 'store-not-writable', `cannot write a blob: ${reason}`, {cause: error});
}

function mismatch(message: string): Error {
  return buildError('environment', 'store-blob-mismatch', message);
}
