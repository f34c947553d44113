// Where the bytes of a tar come from: a stream, which is read through, or something in which one can go ahead.

import {TarProblem} from './tar-problem.ts';

export interface TarSource {
  /** In the archive, of the next byte. */
  readonly position: number;
  /** Just so many bytes; fewer, or none, only at the end. */
  take(length: number): Promise<Buffer>;
  /** Goes ahead to `position`. Throws TarProblem where the archive ends before. */
  seek(position: number): Promise<void>;
}

/** Pieces of any length, taken in the lengths that are asked for. */
export class StreamSource implements TarSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);
  position = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#pieces = bytes[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0; ) {
      if (!(await this.#fill())) break;
      const part = await this.some(left);
      parts.push(part);
      left -= part.length;
    }
    const [first] = parts;
    return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
  }

  async seek(position: number): Promise<void> {
    while (this.position < position) {
      await this.some(position - this.position);
    }
  }

  /** What comes next, at least a byte and at most `most`. Throws TarProblem at the end. */
  async some(most: number): Promise<Buffer> {
    if (!(await this.#fill())) throw endsTooEarly();
    const taken = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(taken.length);
    this.position += taken.length;
    return taken;
  }

  async #fill(): Promise<boolean> {
    while (this.#held.length === 0) {
      const next = await this.#pieces.next();
      if (next.done) return false;
      this.#held = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
    }
    return true;
  }

  /** Reads what is behind the end mark, for whoever hashes along. */
  async drain(): Promise<void> {
    while (!(await this.#pieces.next()).done);
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

export function endsTooEarly(): TarProblem {
  return new TarProblem('it ends too early');
}
