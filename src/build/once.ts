// Something that is started when it is first asked for, and never twice.

export interface Once<T> {
  get(): Promise<T>;
  /** What was started, if it was. */
  started(): Promise<T | undefined>;
}

export function once<T>(start: () => Promise<T>): Once<T> {
  let promise: Promise<T> | undefined;
  return {
    get: () => {
      promise ??= start();
      return promise;
    },
    started: async () => promise?.catch(() => undefined),
  };
}
