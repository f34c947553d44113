// Questions to the person at the terminal. A secret is not shown while it is typed; the terminal is as it was
// afterwards, whatever happens.

import {buildError} from '../../../diagnostics/build-error.ts';
import type {CliIo} from '../../io.ts';

/** What it takes to ask. */
export type Asking = Pick<CliIo, 'stdin' | 'stdout' | 'interrupt'>;

const [interrupted, ended, backspaces] = ['\x03', '\x04', ['\x7f', '\b']];

export class TerminalQuestions {
  readonly #io: Asking;
  readonly #signal: AbortSignal;
  readonly #pieces: AsyncIterator<Uint8Array | string>;
  #held = '';

  constructor(io: Asking, signal: AbortSignal) {
    this.#io = io;
    this.#signal = signal;
    this.#pieces = io.stdin[Symbol.asyncIterator]();
  }

  async line(question: string): Promise<string> {
    this.#io.stdout.write(question);
    let line = '';
    for (;;) {
      const letter = await this.#letter();
      if (letter === '\n' || letter === undefined) return line.replace(/\r$/, '');
      line += letter;
    }
  }

  /** Letter by letter, since the terminal does not edit what it does not show. */
  async secret(question: string): Promise<string> {
    const {stdin, stdout} = this.#io;
    stdout.write(question);
    stdin.setRawMode?.(true);
    let secret: string[] = [];
    try {
      for (;;) {
        const letter = await this.#letter();
        if (letter === interrupted) {
          this.#io.interrupt?.();
          throw givenUp();
        }
        if (letter === undefined || ['\n', '\r', ended].includes(letter)) return secret.join('');
        if (backspaces.includes(letter)) secret = secret.slice(0, -1);
        else secret.push(letter);
      }
    } finally {
      stdin.setRawMode?.(false);
      stdout.write('\n');
    }
  }

  async #letter(): Promise<string | undefined> {
    while (this.#held === '') {
      this.#signal.throwIfAborted();
      const next = await Promise.race([this.#pieces.next(), aborted(this.#signal)]);
      if (next.done) return undefined;
      this.#held = Buffer.from(next.value).toString('utf8');
    }
    const [letter = ''] = this.#held;
    this.#held = this.#held.slice(letter.length);
    return letter;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  });
}

function givenUp(): Error {
  return buildError('user', 'cli-no-answer', 'the login was given up');
}
