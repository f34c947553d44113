// A step that gives what it gave before (docs/adr/0016), with invented ops.

import {expect, it} from 'vitest';
import type {BuildEvent} from '../../src/progress/events.ts';
import {unchangedText} from '../../src/progress/miss-text.ts';
import type {Solved} from '../../src/solver/op-runner.ts';
import {slots} from '../../src/solver/slots.ts';
import {solve} from '../../src/solver/solver.ts';
import {FakeOps, type FakeVertex, fakeVertex, MemoryCache, memoryLocks} from '../support/fake-ops.ts';

const base = fakeVertex('source', 'base');

class World {
  readonly ops = new FakeOps();
  readonly events: BuildEvent[] = [];
  readonly cache = new MemoryCache();
  readonly #locks = memoryLocks();

  async solve(target: FakeVertex): Promise<{result: Solved<string> | undefined; executed: number}> {
    const options = {
      runners: this.ops.runners(),
      cache: this.cache,
      slots: slots(2),
      locks: this.#locks,
      emit: (event: BuildEvent) => void this.events.push(event),
      clock: {nowMs: () => 0},
    };
    const {results, executed} = await solve([target], options, new AbortController().signal);
    return {result: results[0], executed};
  }
}

it('what stands on a step that gave what it gave before is found, and the step says so', async () => {
  const world = new World();
  const image = (step: string): FakeVertex => fakeVertex('join', 'after', [fakeVertex('join', step, [base])]);
  for (const step of ['v1', 'v2', 'v3']) world.ops.results.set(step, 'same layer');
  world.ops.results.set('v3', 'another layer');
  const first = await world.solve(image('v1'));
  world.ops.unchanged.add('v2');
  world.ops.ran.length = 0;
  const second = await world.solve(image('v2'));
  expect(world.ops.ran).toEqual(['v2']);
  expect(second.result).toEqual(first.result);
  expect(world.events).toContainEqual(
    expect.objectContaining({type: 'step-finished', name: 'v2', unchanged: true}),
  );
  expect(world.events).toContainEqual(expect.objectContaining({type: 'step-note', text: unchangedText}));
  // The new way to the same result is remembered; another result is another result.
  world.ops.ran.length = 0;
  await world.solve(image('v2'));
  await world.solve(image('v3'));
  expect(world.ops.ran).toEqual(['v3', 'after']);
});

it('a step that is told to run, and gives what it gave before, leaves what stands on it', async () => {
  const world = new World();
  const target = (ignore: boolean): FakeVertex =>
    fakeVertex('join', 'b', [fakeVertex('join', 'a', [base], ignore)]);
  await world.solve(target(false));
  world.ops.unchanged.add('a');
  world.ops.ran.length = 0;
  await world.solve(target(true));
  expect(world.ops.ran).toEqual(['a']);
});

it('a step whose equal result has no record is recorded under its own key', async () => {
  const world = new World();
  world.ops.unchanged.add('a');
  const target = fakeVertex('join', 'b', [fakeVertex('join', 'a', [base])]);
  await world.solve(target);
  expect((await world.solve(target)).executed).toBe(0);
});

it('what stands on a step that gave what it gave elsewhere is found by the key that was built on there', async () => {
  const world = new World();
  const image = (step: string): FakeVertex =>
    fakeVertex('join', 'after', [fakeVertex('stacked', step, [base])]);
  const first = await world.solve(image('v1'));
  world.ops.ran.length = 0;
  const asked: string[] = [];
  world.cache.twinKeyOf = async (value, below) => {
    asked.push(`${value} on ${below}`);
    return [...world.cache.records.values()].find(({name}) => name === 'v1')?.result.key;
  };
  const second = await world.solve(image('v2'));
  expect(asked).toEqual(['v2(base) on source base']);
  expect(world.ops.ran).toEqual(['v2']);
  expect(second.result).toEqual(first.result);
  expect(world.events).toContainEqual(
    expect.objectContaining({type: 'step-finished', name: 'v2', unchanged: true}),
  );
  world.ops.ran.length = 0;
  await world.solve(image('v2'));
  expect(world.ops.ran).toEqual([]);
});

it('a step whose inputs changed while it ran is not asked for elsewhere', async () => {
  const world = new World();
  world.ops.volatile.add('v1');
  world.cache.twinKeyOf = () => expect.fail();
  await world.solve(fakeVertex('stacked', 'v1', [base]));
});
