// The memory in which a sink puts together what it writes: a few pages that are used again and again. New memory for
// each piece would be most of what it costs to show the output of a step.

import {hasNewline} from '../whole-lines.ts';
import type {SinkHost} from './sink.ts';

const pageBytes = 256 * 1024;
/** Of those that were written, so many wait to be used again. */
const freeMax = 8;
const newline = 0x0a;
/** Lines that are shorter on average are copied word by word: calling a native function for each costs more. */
const nativeBytesMin = 160;
/** So much is looked at to know how long lines are. */
const sampleBytes = 1024;
const wordBytes = 4;

export class Pages {
  readonly #write: SinkHost['write'];
  readonly #free: Buffer[] = [];
  #page: Buffer | undefined;
  /** Bytes of it that are used. */
  #length = 0;

  constructor(write: SinkHost['write']) {
    this.#write = write;
  }

  text(text: string): void {
    this.bytes(Buffer.from(text));
  }

  bytes(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const page = this.#open();
      const part = bytes.subarray(at, at + page.length - this.#length);
      page.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
    }
  }

  /** A text of which each character is a byte, and which is shorter than a page. */
  latin1(text: string): void {
    if (pageBytes - this.#length < text.length) this.flush();
    this.#length += this.#open().write(text, this.#length, 'latin1');
  }

  /** Whole lines, each behind `prefix`. */
  lines(prefix: string, lines: Uint8Array): void {
    const before = Buffer.from(prefix);
    if (areShort(lines)) this.#shortLines(before, lines);
    else this.#longLines(before, lines);
  }

  /** Has written what was put together. */
  flush(): void {
    const page = this.#page;
    if (page === undefined || this.#length === 0) return;
    const bytes = page.subarray(0, this.#length);
    this.#page = undefined;
    this.#length = 0;
    this.#write(bytes, () => {
      if (this.#free.length < freeMax) this.#free.push(page);
    });
  }

  /** A page that is not full. */
  #open(): Buffer {
    if (this.#length === pageBytes) this.flush();
    this.#page ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(pageBytes);
    return this.#page;
  }

  #longLines(prefix: Uint8Array, lines: Uint8Array): void {
    for (let at = 0; at < lines.length; ) {
      const end = lines.indexOf(newline, at) + 1;
      if (pageBytes - this.#length < prefix.length + end - at) {
        this.bytes(prefix);
        this.bytes(lines.subarray(at, end));
      } else {
        const page = this.#open();
        let to = this.#length;
        for (let index = 0; index < prefix.length; index++) page[to++] = prefix[index] ?? 0;
        page.set(lines.subarray(at, end), to);
        this.#length = to + end - at;
      }
      at = end;
    }
  }

  #shortLines(prefix: Uint8Array, lines: Uint8Array): void {
    const source = new DataView(lines.buffer, lines.byteOffset, lines.length);
    let isBegun = false;
    for (let at = 0; at < lines.length; ) {
      const page = this.#open();
      const target = new DataView(page.buffer);
      let to = this.#length;
      while (at < lines.length && to < page.length) {
        if (!isBegun) {
          if (page.length - to < prefix.length) break;
          for (let index = 0; index < prefix.length; index++) page[to++] = prefix[index] ?? 0;
          isBegun = true;
        }
        const end = Math.min(lines.length, at + page.length - to);
        while (at <= end - wordBytes) {
          const word = source.getInt32(at, true);
          if (hasNewline(word)) break;
          target.setInt32(to, word, true);
          at += wordBytes;
          to += wordBytes;
        }
        while (isBegun && at < end) {
          const byte = lines[at++] ?? 0;
          page[to++] = byte;
          isBegun = byte !== newline;
        }
      }
      this.#length = to;
      // There is no room for a prefix.
      if (at < lines.length) this.flush();
    }
  }
}

function areShort(lines: Uint8Array): boolean {
  const length = Math.min(sampleBytes, lines.length);
  let count = 0;
  for (let index = 0; index < length; index++) if (lines[index] === newline) count++;
  return count * nativeBytesMin > length;
}
