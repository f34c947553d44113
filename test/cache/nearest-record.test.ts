// Which of many records a missed step is compared with, and how many are looked at for it.

import {describe, expect, it} from 'vitest';
import {type NamedRecord, NearestRecords} from '../../src/cache/nearest-record.ts';
import type {KeyIngredients} from '../../src/solver/result-cache.ts';

const ingredients = (op: string): KeyIngredients => ({format: 1, op, inputs: ['base'], from: ['base']});

/** Records, newest first, that say which of them were read. */
function told(names: readonly (readonly [name: string, op: string])[]): {
  readonly records: readonly NamedRecord[];
  readonly reads: string[];
} {
  const reads: string[] = [];
  const records = names.map(([name, op]) => ({
    name,
    ingredients: () => {
      reads.push(name);
      return ingredients(op);
    },
  }));
  return {records, reads};
}

const nearestIn = (
  records: readonly NamedRecord[],
  name: string,
  op: string,
  input = 'base',
): string | undefined =>
  new NearestRecords(() => records).nearest(name, {...ingredients(op), inputs: [input]})?.ingredients.op;

describe('the nearest record', () => {
  it('is looked for among the fifty newest of a text that hundreds have', () => {
    const many = Array.from({length: 400}, (_, age) => [`[${age + 2}/500] RUN true`, `op ${age}`] as const);
    const {records, reads} = told(many);
    expect(nearestIn(records, '[9999/10000] RUN true', 'op 49', 'another base')).toBe('op 49');
    expect(reads).toHaveLength(50);
  });

  it('is all that is read, when no other one can have more in common with a step that missed', () => {
    const many = Array.from({length: 40}, (_, age) => ['[2/3] RUN make', `op ${age}`] as const);
    const {records, reads} = told([['[9/9] RUN make', 'elsewhere'], ...many]);
    expect(nearestIn(records, '[2/3] RUN make', 'op now')).toBe('op 0');
    expect(reads).toHaveLength(2);
  });

  it('is none that has gone since the names were read', () => {
    const gone = {name: '[2/3] RUN make', ingredients: () => undefined};
    const {records} = told([['[2/3] RUN make', 'older']]);
    expect(nearestIn([gone, ...records], '[2/3] RUN make', 'now')).toBe('older');
  });

  it('is found in its place behind any number of other instructions that stood there', () => {
    const others = Array.from({length: 100}, (_, age) => ['[build 3/5] COPY a /', `copy ${age}`] as const);
    const {records} = told([...others, ['[build 3/5] RUN make all', 'made']]);
    expect(nearestIn(records, '[build 3/6] RUN make test', 'tested')).toBe('made');
  });

  it('is the newest of those that have as much in common', () => {
    const {records} = told([
      ['[2/3] RUN make', 'newer'],
      ['[2/3] RUN make', 'older'],
    ]);
    expect(nearestIn(records, '[2/3] RUN make', 'now')).toBe('newer');
  });
});
