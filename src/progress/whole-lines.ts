// Cuts what a process writes behind its newlines, byte for byte: output need not be UTF-8, and a chunk may end
// anywhere. All lines that a chunk completes stay together, since a step may write millions of them, and stay where
// they are, but for one that has begun before.

const newline = 0x0a;
/** A longer beginning of a line is handed on as one, so that a process without newlines cannot fill the memory. */
const unfinishedBytesMax = 1024 * 1024;
const restBytesMin = 256;

/** Gets whole lines, each with its newline; the memory is used again when it has returned. */
export type TakeLines = (lines: Uint8Array) => void;

export class WholeLines {
  /** The unfinished line, and room for more of it. */
  #rest = Buffer.alloc(0);
  #length = 0;
  readonly #unfinishedMax: number;

  constructor(unfinishedMax = unfinishedBytesMax) {
    this.#unfinishedMax = unfinishedMax;
  }

  /** `take` gets the lines that `chunk` completes, at most twice. */
  push(chunk: Uint8Array, take: TakeLines): void {
    let start = 0;
    if (this.#length > 0) {
      start = chunk.indexOf(newline) + 1;
      this.#keep(start === 0 ? chunk : chunk.subarray(0, start));
      if (start === 0) {
        if (this.#length >= this.#unfinishedMax) this.#end(take);
        return;
      }
      this.#take(take);
    }
    const end = Math.max(start, chunk.lastIndexOf(newline) + 1);
    if (end > start) take(chunk.subarray(start, end));
    if (end < chunk.length) this.#keep(chunk.subarray(end));
    if (this.#length >= this.#unfinishedMax) this.#end(take);
  }

  /** The unfinished last line, if there is one, with a newline. */
  flush(take: TakeLines): void {
    if (this.#length > 0) this.#end(take);
    this.#rest = Buffer.alloc(0);
  }

  #end(take: TakeLines): void {
    this.#keep(Uint8Array.of(newline));
    this.#take(take);
  }

  #take(take: TakeLines): void {
    const lines = this.#rest.subarray(0, this.#length);
    this.#length = 0;
    take(lines);
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#rest.length) {
      const more = Buffer.allocUnsafeSlow(Math.max(restBytesMin, length, this.#rest.length * 2));
      this.#rest.copy(more, 0, 0, this.#length);
      this.#rest = more;
    }
    this.#rest.set(bytes, this.#length);
    this.#length = length;
  }
}

/** Whether one of the four bytes of `word` is a newline. */
export function hasNewline(word: number): boolean {
  const zeros = word ^ 0x0a0a0a0a;
  return ((zeros - 0x01010101) & ~zeros & 0x80808080) !== 0;
}

/** A word at a time: a third of what a look at each byte costs, and indexOf costs more for lines as they usually are. */
export function countLines(lines: Uint8Array): number {
  const words = new DataView(lines.buffer, lines.byteOffset, lines.length);
  let count = 0;
  let at = 0;
  for (; at <= lines.length - 4; at += 4) {
    const word = words.getInt32(at, true);
    if (!hasNewline(word)) continue;
    for (let byte = word, left = 4; left > 0; left--, byte >>>= 8) if ((byte & 0xff) === newline) count++;
  }
  for (; at < lines.length; at++) if (lines[at] === newline) count++;
  return count;
}
