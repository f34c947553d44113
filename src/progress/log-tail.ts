// The last output of each running step, kept so that it can be shown when the step fails, by sinks that do not print
// all output as it comes.

import {copiedBytes} from '../util/copied-bytes.ts';
import {countLines, WholeLines} from './whole-lines.ts';

/** At least this much per step, at most twice it: more than anybody scrolls back, little beside what a build needs. */
const tailBytesMax = 1024 * 1024;

/** Memory of blocks that are smaller is not worth keeping. */
const reusedBytesMin = 16 * 1024;
const reusedMax = 8;

/** Lines that came together. */
interface Block {
  readonly time: string;
  readonly bytes: Uint8Array;
}

export class LogTail {
  readonly #streams = {stdout: new WholeLines(), stderr: new WholeLines()};
  #blocks: Block[] = [];
  #bytes = 0;
  #dropped = 0;
  /** Memory of dropped blocks: new memory for each would be most of what keeping them costs. */
  readonly #reused: ArrayBufferLike[] = [];

  /** `data` may be used again. */
  push(stream: 'stdout' | 'stderr', data: Uint8Array, sinceStartMs: number): void {
    this.#streams[stream].push(data, (lines) => this.#add(lines, sinceStartMs));
  }

  /** Ends unfinished lines. */
  finish(sinceStartMs: number): void {
    for (const stream of Object.values(this.#streams)) {
      stream.flush((lines) => this.#add(lines, sinceStartMs));
    }
  }

  /** The last `count` lines, as text. */
  last(count: number): string[] {
    const found: string[][] = [];
    for (let index = this.#blocks.length - 1, left = count; index >= 0 && left > 0; index--) {
      const lines = linesOf(this.#blocks[index]).slice(-left);
      found.unshift(lines);
      left -= lines.length;
    }
    return found.flat();
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  /** BuildKit's block for a failed step; `show` may change what is printed of a line. */
  block(name: string, show: (line: string) => string = (line) => line): string {
    const dropped = this.#dropped === 0 ? '' : `[${this.#dropped} earlier lines]\n`;
    const lines = this.#blocks.flatMap((block) =>
      linesOf(block).map((line) => `${block.time} ${show(line)}\n`),
    );
    return `------\n > ${show(name)}:\n${dropped}${lines.join('')}------\n`;
  }

  #add(bytes: Uint8Array, sinceStartMs: number): void {
    this.#blocks.push({time: (sinceStartMs / 1000).toFixed(3), bytes: this.#copyOf(bytes)});
    this.#bytes += bytes.length;
    // Seldom and much, not often and little: dropping copies the array.
    if (this.#bytes <= 2 * tailBytesMax) return;
    let drop = 0;
    for (
      let next = this.#blocks[0];
      next !== undefined && this.#bytes > tailBytesMax;
      next = this.#blocks[++drop]
    ) {
      this.#bytes -= next.bytes.length;
      this.#dropped += countLines(next.bytes);
      const {buffer} = next.bytes;
      if (buffer.byteLength >= reusedBytesMin && this.#reused.length < reusedMax) this.#reused.push(buffer);
    }
    this.#blocks = this.#blocks.slice(drop);
  }

  #copyOf(bytes: Uint8Array): Uint8Array {
    const {length} = bytes;
    if (length < reusedBytesMin) return copiedBytes(bytes);
    const at = this.#reused.findIndex(({byteLength}) => byteLength >= length && byteLength <= length * 2);
    const [buffer = new ArrayBuffer(length)] = at < 0 ? [] : this.#reused.splice(at, 1);
    const copy = new Uint8Array(buffer, 0, length);
    copy.set(bytes);
    return copy;
  }
}

function linesOf(block: Block | undefined): string[] {
  return block === undefined ? [] : Buffer.from(block.bytes).toString('utf8').slice(0, -1).split('\n');
}
