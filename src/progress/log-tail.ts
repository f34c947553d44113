// The last output of each running step, kept so that it can be shown when the step fails, by sinks that do not print all
// output as it comes.

import {LineSplitter} from './line-splitter.ts';

/** At least this much per step, at most twice it: more than anybody scrolls back, little beside what a build needs. */
const tailBytesMax = 1024 * 1024;

export class LogTail {
  readonly #splitters = {stdout: new LineSplitter(), stderr: new LineSplitter()};
  #lines: {readonly text: string; readonly bytes: number}[] = [];
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
    return this.#lines.slice(-count).map(({text}) => text.slice(text.indexOf(' ') + 1));
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** BuildKit's block for a failed step. */
  block(name: string): string {
    const dropped = this.#dropped === 0 ? '' : `[${this.#dropped} earlier lines]\n`;
    return `------\n > ${name}:\n${dropped}${this.#lines.map(({text}) => `${text}\n`).join('')}------\n`;
  }

  #add(lines: readonly Uint8Array[], sinceStartMs: number): void {
    for (const bytes of lines) {
      const text = `${(sinceStartMs / 1000).toFixed(3)} ${Buffer.from(bytes).toString('utf8')}`;
      this.#lines.push({text, bytes: bytes.length + 1});
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
