// One blob on its way into the store: a file of its own that is hashed while it is written, checked against what was
// expected, synced, and only then given its name. Whatever goes wrong, it is nobody's blob afterwards: what becomes of
// the file is the business of its place.

import {createHash, type Hash} from 'node:crypto';
import type {FileHandle} from 'node:fs/promises';
import {buildError} from '../diagnostics/build-error.ts';
import {type Digest, parseDigest} from '../oci/digest.ts';
import {assert} from '../util/assert.ts';
import {systemClock} from '../util/clock.ts';

/** A blob in the making. Exactly one of `commit` and `abort` ends it; `abort` after either does nothing. */
export interface BlobSink {
  /** Bytes taken so far; from the start, those that an earlier sink left. */
  readonly size: number;
  write(bytes: Uint8Array): Promise<void>;
  /** Of all that it took: nothing is written to it any more. */
  digest(): Digest;
  /** What it has can never become what was expected. */
  readonly isWrong: boolean;
  /** Verifies what was expected, syncs and makes the blob visible. Throws BuildError on a mismatch, leaving nothing. */
  commit(): Promise<{readonly digest: Digest; readonly size: number}>;
  abort(): Promise<void>;
}

export interface BlobExpectation {
  readonly digest?: Digest;
  readonly size?: number;
}

/** Where a sink writes. */
export interface SinkPlace {
  readonly handle: FileHandle;
  /** What is in the file already, and the hash of it. */
  readonly begun?: {readonly size: number; readonly hash: Hash};
  /** Gives the complete, synced and closed file its name. */
  publish(blob: {digest: Digest; size: number}): Promise<void>;
  /** Called instead, or when that failed; the file is closed. */
  leave(how: {readonly isWrong: boolean; readonly isDiskFull: boolean}): Promise<void>;
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
  readonly #place: SinkPlace;
  readonly #expected: BlobExpectation;
  readonly #hash: Hash;
  #digest: Digest | undefined;
  /** Gathers small writes: one system call and one hop through the thread pool per MiB, not per packet. */
  readonly #gathered = Buffer.allocUnsafe(pieceBytes);
  #gatheredBytes = 0;
  #writtenBytes: number;
  #isWriting = false;
  #isDiskFull = false;
  #hasEnded = false;
  isWrong = false;
  size: number;

  constructor(place: SinkPlace, expected: BlobExpectation) {
    this.#place = place;
    this.#expected = expected;
    this.#hash = place.begun?.hash ?? createHash('sha256');
    this.size = place.begun?.size ?? 0;
    this.#writtenBytes = this.size;
  }

  async write(bytes: Uint8Array): Promise<void> {
    assert(!this.#hasEnded && this.#digest === undefined, 'a blob is written before it is committed');
    this.size += bytes.length;
    if (this.#expected.size !== undefined && this.size > this.#expected.size) {
      this.isWrong = true;
      await this.abort();
      throw mismatch(`blob has more than the ${this.#expected.size} bytes announced`);
    }
    assert(!this.#isWriting, 'writes to a blob are awaited');
    this.#isWriting = true;
    this.#hash.update(bytes);
    if (this.#gatheredBytes + bytes.length > pieceBytes) await this.#flush();
    // Copied: the caller may use its buffer again as soon as this resolves.
    if (bytes.length > pieceBytes) {
      await this.#writeAll(bytes);
    } else {
      this.#gathered.set(bytes, this.#gatheredBytes);
      this.#gatheredBytes += bytes.length;
    }
    this.#isWriting = false;
  }

  digest(): Digest {
    if (this.#digest === undefined) {
      const digest = parseDigest(`sha256:${this.#hash.digest('hex')}`);
      assert(digest !== undefined, 'sha256 gives a digest');
      this.#digest = digest;
      this.isWrong ||= this.#expected.digest !== undefined && this.#expected.digest !== digest;
    }
    return this.#digest;
  }

  async commit(): Promise<{readonly digest: Digest; readonly size: number}> {
    assert(!this.#hasEnded, 'a blob is committed once');
    try {
      const blob = {digest: this.digest(), size: this.size};
      const {digest: wanted, size} = this.#expected;
      if (size !== undefined && size !== this.size) {
        this.isWrong = true;
        throw mismatch(`blob has ${this.size} bytes, ${size} were announced`);
      }
      if (wanted !== undefined && wanted !== blob.digest) {
        throw mismatch(`blob has digest ${blob.digest}, expected ${wanted}`);
      }
      await this.#flush();
      await seal(this.#place.handle);
      await this.#place.handle.datasync();
      this.#hasEnded = true;
      await this.#place.handle.close();
      await this.#place.publish(blob);
      return blob;
    } catch (error) {
      await this.#leave();
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (!this.#hasEnded) await this.#leave();
  }

  async #leave(): Promise<void> {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      // What came is worth keeping to some places; where it cannot be written, there is less of it.
      if (!this.isWrong && !this.#isDiskFull && !this.#isWriting) await this.#flush().catch(() => undefined);
      await this.#place.handle.close();
    }
    await this.#place.leave({isWrong: this.isWrong, isDiskFull: this.#isDiskFull});
  }

  async #flush(): Promise<void> {
    await this.#writeAll(this.#gathered.subarray(0, this.#gatheredBytes));
    this.#gatheredBytes = 0;
  }

  /** write(2) may take less than it was given; the rest is written again. */
  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        const {bytesWritten} = await this.#place.handle.write(
          bytes,
          done,
          bytes.length - done,
          this.#writtenBytes,
        );
        done += bytesWritten;
        this.#writtenBytes += bytesWritten;
      }
    } catch (error) {
      this.#isDiskFull = ['ENOSPC', 'EDQUOT'].includes(String((error as NodeJS.ErrnoException).code));
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
