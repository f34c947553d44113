// Watches a body on its way out. A server that takes no more bytes, or never answers once it has all of them, must not
// hold a push for ever; but a slow one that goes on taking them may take as long as it likes.

/** Small enough that the slowest usable line takes one within the stall limit. */
const pieceBytes = 64 * 1024;

export class SendWatch {
  readonly #stallMs: number;
  readonly #answerMs: number;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** `stallMs`: for one piece to be taken; `answerMs`: from the last one to the answer. */
  constructor(stallMs: number, answerMs: number) {
    this.#stallMs = stallMs;
    this.#answerMs = answerMs;
  }

  /** Aborted when the other side took too long. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async *body(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const whole of source) {
      for (let start = 0; start < whole.length; start += pieceBytes) {
        this.#arm(this.#stallMs);
        yield whole.subarray(start, start + pieceBytes);
      }
      // What the source takes is not the other side's fault.
      clearTimeout(this.#timer);
    }
    this.#arm(this.#answerMs);
  }

  /** The answer is there, which may be before the end of the body: nothing is waited for any more. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #arm(limitMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => this.#controller.abort(), limitMs);
  }
}
