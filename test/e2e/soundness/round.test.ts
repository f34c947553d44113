// What the search promises (round.ts).

import {expect, it} from 'vitest';
import {aims} from './aims.ts';
import {namesOf, roundOf} from './round.ts';

it('within sixty rounds all values of each ingredient meet in one cache', () => {
  const met = new Map<string, number>();
  for (let seed = 1; seed <= 60; seed++) {
    const {edits} = roundOf(seed, 'kept');
    for (const name of namesOf(seed)) {
      const values = new Set(
        edits.flatMap(({values}) => values.filter((value) => value.startsWith(`${name}: `))),
      );
      met.set(name, Math.max(met.get(name) ?? 0, values.size));
    }
  }
  const all = Object.entries(aims).map(([name, {values}]): [string, number] => [name, values.length]);
  expect(Object.fromEntries(met)).toEqual(Object.fromEntries(all));
});
