// Times as filters take them.

import {durationMs} from '../../config/read-gc.ts';

/** So long ago (`24h`), or a date with or without a time, in milliseconds since 1970; undefined: neither. */
export function momentOf(value: string, nowMs: number): number | undefined {
  const ago = durationMs(value);
  if (ago !== undefined) return nowMs - ago;
  const date = /^\d{4}-\d\d-\d\d(?:T|$)/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}
