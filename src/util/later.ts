// Work that nobody waits for and that keeps the only thread busy: it is done when what is under way has probably come
// to a process of its own, at the latest before the end. It may get lost, and so may its failures.

/** A step that was found missing has begun by then, and others work. */
const delayMs = 150;

export class Later {
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  add(work: () => void): void {
    this.#waiting.push(work);
    this.#timer ??= setTimeout(() => this.flush(), delayMs).unref();
  }

  /** Does what is left. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const work of this.#waiting.splice(0)) {
      try {
        work();
      } catch {
        // What depends on it does without.
      }
    }
  }
}
