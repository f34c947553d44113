// A list that is not empty.

export type AtLeastOne<T> = readonly [T, ...T[]];

/** `list.map(change)`, which is not empty either. */
export function mapAtLeastOne<T, U>(
  [first, ...others]: AtLeastOne<T>,
  change: (item: T) => U,
): AtLeastOne<U> {
  return [change(first), ...others.map(change)];
}
