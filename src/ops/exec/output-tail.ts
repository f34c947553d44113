// The last lines a process wrote, for the error that tells of its end. Bounded in lines and bytes.

import {terminalText} from '../../progress/terminal-text.ts';

const linesMax = 20;
const bytesMax = 16 * 1024;

export class OutputTail {
  /** Most steps print nothing. */
  #kept: Buffer | undefined;
  #length = 0;

  add(data: Uint8Array): void {
    this.#kept ??= Buffer.allocUnsafeSlow(2 * bytesMax);
    const last = data.subarray(-bytesMax);
    if (this.#length + last.length > this.#kept.length) {
      this.#kept.copyWithin(0, this.#length - bytesMax, this.#length);
      this.#length = bytesMax;
    }
    this.#kept.set(last, this.#length);
    this.#length += last.length;
  }

  lines(): string[] {
    const kept = (this.#kept ?? Buffer.alloc(0)).toString(
      'utf8',
      Math.max(0, this.#length - bytesMax),
      this.#length,
    );
    const text = terminalText(kept, {color: false}).replace(/\n$/, '');
    return text === '' ? [] : text.split(/\r?\n/).slice(-linesMax);
  }
}
