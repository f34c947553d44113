// Cuts what a process writes into lines, byte for byte: output need not be UTF-8, and a chunk may end anywhere.

const newline = 0x0a;
/** A line longer than this is handed on in pieces, so that a process without newlines cannot fill the memory. */
const pieceMax = 64 * 1024;

export class LineSplitter {
  #rest: Uint8Array[] = [];
  #restLength = 0;

  /** The lines that `chunk` completes, without their newlines. */
  push(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    for (; chunk.length - start + this.#restLength >= pieceMax; start += pieceMax) {
      this.#keep(chunk.subarray(start, start + pieceMax));
      lines.push(this.#take());
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  /** The unfinished last line, if there is one. */
  flush(): Uint8Array[] {
    return this.#restLength === 0 ? [] : [this.#take()];
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    // A copy: the caller may reuse its buffer.
    this.#rest.push(Uint8Array.prototype.slice.call(bytes));
    this.#restLength += bytes.length;
  }

  #take(): Uint8Array {
    const line = this.#rest.length === 1 ? (this.#rest[0] ?? new Uint8Array()) : Buffer.concat(this.#rest);
    this.#rest = [];
    this.#restLength = 0;
    return line;
  }
}
