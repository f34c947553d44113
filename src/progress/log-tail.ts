// The last output of each running step, kept so that it can be shown when the step fails, by sinks that do not print
// all output as it comes.

import {LineSplitter} from './line-splitter.ts';

/** At least this much per step, at most twice it: more than anybody scrolls back, little beside what a build needs. */
const tailBytesMax = 1024 * 1024;

export class LogTail {
  readonly #splitters = {stdout: new LineSplitter(), stderr: new LineSplitter()};
  #lines: {readonly time: string; readonly text: string; readonly bytes: number}[] = [];
  #bytes = 0;
  #dropped = 0;

  push(stream: 'stdout' | 'stderr', data: Uint8Array, sinceStartMs: number): void {
    this.#add(this.#splitters[stream].push(data), sinceStartMs);
  }

  /** Ends unfinished lines. */
  finish(sinceStartMs: number): void {
    this.#add(this.#splitters.stdout.flush(), sinceStartMs);
    this.#add(this.#splitters.stderr.flush(), sinceStartMs);
  }

  /** The last `count` lines, as text. */
  last(count: number): string[] {
    return count <= 0 ? [] : this.#lines.slice(-count).map(({text}) => text);
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** BuildKit's block for a failed step; `show` may change what is printed of a line. */
  block(name: string, show: (line: string) => string = (line) => line): string {
    const dropped = this.#dropped === 0 ? '' : `[${this.#dropped} earlier lines]\n`;
    const lines = this.#lines.map(({time, text}) => `${time} ${show(text)}\n`);
    return `------\n > ${show(name)}:\n${dropped}${lines.join('')}------\n`;
  }

  #add(lines: readonly Uint8Array[], sinceStartMs: number): void {
    for (const bytes of lines) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
      this.#lines.push({time: (sinceStartMs / 1000).toFixed(3), text, bytes: bytes.length + 1});
      this.#bytes += bytes.length + 1;
    }
    // Seldom and much, not often and little: dropping copies the array.
    if (this.#bytes <= 2 * tailBytesMax) return;
    let drop = 0;
    while (this.#bytes > tailBytesMax) this.#bytes -= this.#lines[drop++]?.bytes ?? 0;
    this.#lines = this.#lines.slice(drop);
    this.#dropped += drop;
  }
}
