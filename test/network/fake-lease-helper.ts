// A helper that knows the request `network` alone, and answers as a test tells it.

import type {Helper, HelperRequestOptions} from '../../src/helper/helper.ts';

export class FakeLeaseHelper implements Helper {
  readonly asked: string[] = [];
  readonly #answer: (options: HelperRequestOptions) => Promise<ReadonlyMap<string, string>>;
  givenBack = false;

  /** Without an error it gives these pieces of data, then stays. */
  constructor(pieces: readonly string[], error?: Error) {
    this.#answer = async ({onData, signal}) => {
      for (const piece of pieces) onData?.(Buffer.from(piece));
      if (error !== undefined) throw error;
      return new Promise((_, reject) => {
        this.#fail = reject;
        signal?.addEventListener('abort', () => {
          this.givenBack = true;
          reject(signal.reason);
        });
      });
    };
  }

  #fail: (error: Error) => void = () => {};

  breakDown(error: Error): void {
    this.#fail(error);
  }

  async request(
    verb: string,
    args: readonly string[],
    options: HelperRequestOptions = {},
  ): Promise<ReadonlyMap<string, string>> {
    this.asked.push([verb, ...args].join(' '));
    return verb === 'network' ? this.#answer(options) : new Map();
  }

  async close(): Promise<void> {}
}
