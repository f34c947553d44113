// Where the regular files of a tar are, for archives whose members are asked for by name, in any order: one walk over
// the headers. Contents are not looked at.

import {createReadStream} from 'node:fs';
import {type FileHandle, open} from 'node:fs/promises';
import {type TarRun, withHoles} from '../../tar/sparse.ts';
import {endsTooEarly, type TarSource} from '../../tar/tar-source.ts';
import {TarWalk} from '../../tar/walk-tar.ts';

export interface IndexedFile {
  readonly size: number;
  /** In the archive, of its data, which are its runs without the holes between them. */
  readonly dataAt: number;
  readonly runs: readonly TarRun[];
}

const pieceBytes = 1024 * 1024;
/** Headers of small files come in one read. */
const aheadBytes = 64 * 1024;

/** By name without `./` in front; of equal names the last counts. Throws BuildError('user') for what is no tar. */
export async function tarIndex(path: string): Promise<ReadonlyMap<string, IndexedFile>> {
  const handle = await open(path, 'r');
  try {
    const {size} = await handle.stat();
    const walk = new TarWalk(new FileSource(handle, size), {
      name: path,
      hint: 'compressed archives are unpacked first: gzip -d, zstd -d',
    });
    const files = new Map<string, IndexedFile>();
    for (let placed = await walk.next(); placed !== undefined; placed = await walk.next()) {
      const {entry, dataAt, runs} = placed;
      // Whatever had that name before is replaced.
      if (entry.kind === 'file') files.set(entry.path, {size: entry.size, dataAt, runs});
      else files.delete(entry.path);
    }
    return files;
  } finally {
    await handle.close();
  }
}

/** The bytes of a file. */
export function readMember(path: string, {size, dataAt, runs}: IndexedFile): AsyncIterable<Uint8Array> {
  return withHoles(size, runs, async function* (at, length) {
    const start = dataAt + at;
    if (length > 0)
      yield* createReadStream(path, {start, end: start + length - 1, highWaterMark: pieceBytes});
  });
}

class FileSource implements TarSource {
  readonly #handle: FileHandle;
  readonly #size: number;
  readonly #ahead = Buffer.alloc(aheadBytes);
  #aheadAt = 0;
  #aheadLength = 0;
  position = 0;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  async take(length: number): Promise<Buffer> {
    const taken = Buffer.alloc(Math.min(length, this.#size - this.position));
    for (let done = 0; done < taken.length; ) {
      const part = await this.#some();
      const copied = part.copy(taken, done);
      done += copied;
      this.position += copied;
    }
    return taken;
  }

  async seek(position: number): Promise<void> {
    if (position > this.#size) throw endsTooEarly();
    this.position = position;
  }

  /** What is at the position, at least a byte. */
  async #some(): Promise<Buffer> {
    const start = this.position - this.#aheadAt;
    if (start < 0 || start >= this.#aheadLength) {
      const {bytesRead} = await this.#handle.read(this.#ahead, 0, aheadBytes, this.position);
      // Somebody cut it while it was read.
      if (bytesRead === 0) throw endsTooEarly();
      this.#aheadAt = this.position;
      this.#aheadLength = bytesRead;
    }
    return this.#ahead.subarray(this.position - this.#aheadAt, this.#aheadLength);
  }
}
