// What would be found, said without running anything.

import {describe, expect, it} from 'vitest';
import {slots} from '../../src/solver/slots.ts';
import {type SolverOptions, solve, survey} from '../../src/solver/solver.ts';
import {FakeOps, type FakeVertex, fakeVertex, MemoryCache, memoryLocks} from '../support/fake-ops.ts';

const {signal} = new AbortController();
const base = fakeVertex('source', 'base');

class World {
  readonly ops = new FakeOps();
  readonly cache = new MemoryCache();

  options(): SolverOptions<FakeVertex, string> {
    return {
      runners: this.ops.runners(),
      cache: this.cache,
      slots: slots(1),
      locks: memoryLocks(),
      emit: () => {},
      clock: {nowMs: () => 0},
    };
  }

  async solve(target: FakeVertex): Promise<void> {
    await solve([target], this.options(), signal);
  }
}

describe('survey', () => {
  it('tells what solving would find, run, or cannot foresee, and runs nothing', async () => {
    const world = new World();
    const context = fakeVertex('context', 'files');
    const build = fakeVertex('copy', 'build', [base, context]);
    const make = fakeVertex('join', 'make', [build]);
    const taken = fakeVertex('copy', 'taken', [base, make]);
    const told = fakeVertex('join', 'told', [base], true);
    await world.solve(taken);
    world.ops.contexts.set('files', 'new');
    world.ops.ran.length = 0;
    const found = await survey([taken, told], world.options(), signal);
    expect(found.map(({vertex, state}) => [vertex.op.text, state])).toEqual([
      ['base', 'hit'],
      ['files', 'hit'],
      ['build', 'miss'],
      ['make', 'miss'],
      ['taken', 'unknown'],
      ['told', 'miss'],
    ]);
    expect(world.ops.ran).toEqual([]);
  });

  it('asks for nothing below what is found', async () => {
    const world = new World();
    const top = fakeVertex('join', 'top', [fakeVertex('join', 'low', [base])]);
    await world.solve(top);
    const found = await survey([top], world.options(), signal);
    expect(found.map(({vertex, state}) => [vertex.op.text, state])).toEqual([['top', 'hit']]);
  });
});
