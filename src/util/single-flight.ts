// One call per key at a time: whoever asks while a call is under way gets the same promise.

export class SingleFlight<K, V> {
  readonly #running = new Map<K, Promise<V>>();

  /** Runs `work` unless a call for `key` is under way, which is joined instead; then `onJoin` is told. */
  run(key: K, work: () => Promise<V>, onJoin?: () => void): Promise<V> {
    const running = this.#running.get(key);
    if (running !== undefined) {
      onJoin?.();
      return running;
    }
    const promise = work().finally(() => this.#running.delete(key));
    this.#running.set(key, promise);
    return promise;
  }
}
