// The only place that reads the wall clock, so that tests can replace it.

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
}

// Not `performance`: looking at it loads six modules of Node, at each start of the command.
export const systemClock: Clock = {nowMs: () => Date.now()};
