// The only place that reads the wall clock, so that tests can replace it.

export interface Clock {
  /** Milliseconds since 1970, with a fraction. */
  nowMs(): number;
}

export const systemClock: Clock = {nowMs: () => performance.timeOrigin + performance.now()};
