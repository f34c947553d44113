// Where two streams part ways.

export interface ByteDifference {
  /** From 0. */
  readonly offset: number;
  /** Undefined: this one ends here. */
  readonly bytes: readonly [number | undefined, number | undefined];
}

/** Undefined when they are the same. */
export async function firstDifference(
  a: AsyncIterable<Uint8Array>,
  b: AsyncIterable<Uint8Array>,
): Promise<ByteDifference | undefined> {
  const [one, other] = [a[Symbol.asyncIterator](), b[Symbol.asyncIterator]()];
  try {
    let [left, right] = [Buffer.alloc(0), Buffer.alloc(0)];
    for (let offset = 0; ; ) {
      if (left.length === 0) left = await next(one);
      if (right.length === 0) right = await next(other);
      const common = Math.min(left.length, right.length);
      const isEnd = common === 0;
      if (isEnd && left.length === right.length) return undefined;
      if (isEnd || !left.subarray(0, common).equals(right.subarray(0, common))) {
        let at = 0;
        while (at < common && left[at] === right[at]) at++;
        return {offset: offset + at, bytes: [left[at], right[at]]};
      }
      offset += common;
      left = left.subarray(common);
      right = right.subarray(common);
    }
  } finally {
    await one.return?.();
    await other.return?.();
  }
}

/** Empty at the end. */
async function next(pieces: AsyncIterator<Uint8Array>): Promise<Buffer<ArrayBuffer>> {
  for (;;) {
    const {done, value} = await pieces.next();
    if (done) return Buffer.alloc(0);
    if (value.length > 0) return Buffer.from(value);
  }
}
