// The records of an extended header (POSIX.1-2001, pax): `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record.
// A value that is empty says nothing: what stands in the header counts then.

import {decodePathText} from '../util/path-text.ts';
import {TarProblem} from './tar-problem.ts';

export interface PaxRecords {
  text(key: string): string | undefined;
  /** A number that is not negative. */
  natural(key: string): number | undefined;
  /** In seconds, perhaps before 1970, perhaps with a fraction. */
  time(key: string): number | undefined;
  /** Those that may be there more than once, in order. */
  readonly all: readonly (readonly [key: string, value: Buffer])[];
}

export const noRecords: PaxRecords = paxRecords(Buffer.alloc(0));

/** Records whose value names a file: a NUL would end it early for one reader and not for the other. */
const names: ReadonlySet<string> = new Set(['path', 'linkpath', 'GNU.sparse.name']);

/** Throws TarProblem, by `natural` and `time` too. */
export function paxRecords(data: Buffer): PaxRecords {
  const all = recordsIn(data);
  const latest = new Map(all);
  const textAt = (key: string): string | undefined => latest.get(key)?.toString('latin1') || undefined;
  const number = (key: string, pattern: RegExp): number | undefined => {
    const value = textAt(key);
    if (value === undefined) return undefined;
    if (!pattern.test(value) || !Number.isSafeInteger(Math.trunc(Number(value)))) {
      throw new TarProblem(`an extended header whose ${key} is ${JSON.stringify(value)}`);
    }
    return Number(value);
  };
  return {
    all,
    text: (key) => {
      const value = latest.get(key);
      return value === undefined || value.length === 0 ? undefined : decodePathText(value);
    },
    natural: (key) => number(key, /^\d+$/),
    time: (key) => number(key, /^-?\d+(\.\d*)?$/),
  };
}

function recordsIn(data: Buffer): (readonly [string, Buffer])[] {
  const records: (readonly [string, Buffer])[] = [];
  for (let at = 0; at < data.length; ) {
    const digits = /^\d{1,9}(?= )/.exec(data.toString('latin1', at, at + 10))?.[0] ?? '';
    const end = at + Number(digits);
    const start = at + digits.length + 1;
    const equals = data.indexOf(0x3d, start);
    const isWhole = digits !== '' && end <= data.length && end > start && data[end - 1] === 0x0a;
    if (!isWhole || equals <= start || equals >= end) throw new TarProblem('a broken extended header');
    const key = data.toString('utf8', start, equals);
    const value = data.subarray(equals + 1, end - 1);
    if (key.includes('\0') || (names.has(key) && value.includes(0))) {
      throw new TarProblem('an extended header with a NUL in a name');
    }
    records.push([key, value]);
    at = end;
  }
  return records;
}
