// A step's time limit: a signal that fires with the build's or when the time is over, and tells which.

export class TimeLimit implements Disposable {
  readonly signal: AbortSignal;
  readonly #over = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;

  /** 0: no limit. */
  constructor(build: AbortSignal, limitMs: number) {
    this.signal = limitMs > 0 ? AbortSignal.any([build, this.#over.signal]) : build;
    if (limitMs > 0) this.#timer = setTimeout(() => this.#over.abort(new Error('out of time')), limitMs);
  }

  /** It was the time, and not the build. */
  get isOver(): boolean {
    return this.#over.signal.aborted && this.signal.reason === this.#over.signal.reason;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
