// What is found of a graph before anything of it is there.

import {expect, it} from 'vitest';
import {slots} from '../../src/solver/slots.ts';
import {solve} from '../../src/solver/solver.ts';
import {FakeOps, fakeVertex, MemoryCache, memoryLocks} from '../support/fake-ops.ts';

it('finds what was built on results that are gone, also past a step that reads contents', async () => {
  const ops = new FakeOps();
  const cache = new MemoryCache();
  const options = {
    runners: ops.runners(),
    cache,
    slots: slots(2),
    locks: memoryLocks(),
    emit: () => {},
    clock: {nowMs: () => 0},
  };
  const base = fakeVertex('source', 'base');
  const built = fakeVertex('join', 'build', [base]);
  const stage = fakeVertex('join', 'after', [fakeVertex('copy', 'copy', [base, built])]);
  const target = fakeVertex('copy', 'pick', [base, stage]);
  const {signal} = new AbortController();
  await solve([target], options, signal);
  for (const {result} of [...cache.records.values()]) {
    if (!result.value.startsWith('pick')) cache.lost.add(result.value);
  }
  ops.ran.length = 0;
  expect((await solve([target], options, signal)).executed).toBe(0);
  expect(ops.ran).toEqual([]);
});
