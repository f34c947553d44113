// The last lines a process wrote, for the error that tells of its end. Bounded in lines and bytes.

import {terminalText} from '../../progress/terminal-text.ts';

const linesMax = 20;
const bytesMax = 16 * 1024;

export class OutputTail {
  #kept = '';

  add(data: Uint8Array): void {
    this.#kept += Buffer.from(data.subarray(-bytesMax)).toString('utf8');
    if (this.#kept.length > 2 * bytesMax) this.#kept = this.#kept.slice(-bytesMax);
  }

  lines(): string[] {
    const text = terminalText(this.#kept.slice(-bytesMax), {color: false}).replace(/\n$/, '');
    return text === '' ? [] : text.split(/\r?\n/).slice(-linesMax);
  }
}
