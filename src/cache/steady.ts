// Bytes of a place that may fall silent: retries of retries add up, and a cache that gives nothing for so long is left
// alone.

const silenceMaxMs = 30_000;

export async function* steady(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      const silent = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no bytes for ${silenceMaxMs / 1000} s`)), silenceMaxMs);
      });
      const next = iterator.next();
      next.catch(() => undefined);
      const {done, value} = await Promise.race([next, silent]);
      clearTimeout(timer);
      if (done === true) return;
      yield value;
    }
  } finally {
    clearTimeout(timer);
    // Not awaited: what is silent does not end either.
    iterator.return?.().catch(() => undefined);
  }
}
