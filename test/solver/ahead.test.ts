// What a step needs besides its inputs is got ready while these are made; and a guess that was wrong changes nothing
// but the time.

import {expect, it} from 'vitest';
import type {BuildEvent} from '../../src/progress/events.ts';
import {slots} from '../../src/solver/slots.ts';
import {solve} from '../../src/solver/solver.ts';
import {FakeOps, type FakeVertex, fakeVertex, MemoryCache, memoryLocks} from '../support/fake-ops.ts';

class World {
  readonly ops = new FakeOps();
  readonly cache = new MemoryCache();
  readonly locks = memoryLocks();
  readonly events: BuildEvent[] = [];

  async solve(target: FakeVertex): Promise<string | undefined> {
    const options = {
      runners: this.ops.runners(),
      cache: this.cache,
      slots: slots(4),
      locks: this.locks,
      emit: (event: BuildEvent) => this.events.push(event),
      clock: {nowMs: () => 0},
    };
    const {results} = await solve([target], options, new AbortController().signal);
    return results[0]?.value;
  }

  told(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'step-started'
        ? [`${event.name} started`]
        : event.type === 'step-finished'
          ? [`${event.name} ${event.outcome}`]
          : [],
    );
  }
}

/** Enough for all that can be done without the step that waits. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const base = fakeVertex('source', 'base');
const chain = (...texts: readonly string[]): FakeVertex =>
  texts.reduce((input, text) => fakeVertex('join', text, [input]), base);

it('while a step runs, the next one has its lock and knows why it missed; the one after that does not', async () => {
  const world = new World();
  const asked: string[] = [];
  world.cache.whyMissed = async ({name}) => {
    asked.push(name);
    return undefined;
  };
  const gate = world.ops.gate('a');
  const whole = world.solve(chain('a', 'b', 'c'));
  await gate.started;
  await turns();
  expect(asked).toEqual(['a', 'b']);
  expect(world.told()).toEqual(['a started']);
  gate.open();
  expect(await whole).toBe('c(b(a(base)))');
  expect(asked).toEqual(['a', 'b', 'c']);
  expect(world.told()).toEqual(['a started', 'a done', 'b started', 'b done', 'c started', 'c done']);
});

it('what is found for a key that was guessed counts when the input has that key, and is told then', async () => {
  const world = new World();
  world.ops.results.set('a', 'same');
  await world.solve(chain('a', 'b'));
  world.events.length = 0;
  world.ops.ran.length = 0;
  world.ops.results.set('a again', 'same');
  world.ops.likely.set('a again', 'same');
  world.ops.unchanged.add('a again');
  const gate = world.ops.gate('a again');
  const whole = world.solve(chain('a again', 'b'));
  await gate.started;
  await turns();
  expect(world.told()).toEqual(['a again started']);
  gate.open();
  expect(await whole).toBe('b(same)');
  expect(world.ops.ran).toEqual(['a again']);
  expect(world.told()).toEqual(['a again started', 'a again done', 'b cached']);
});

it('a wrong guess is let go of: the step is looked for by the key that its input has', async () => {
  const world = new World();
  world.ops.results.set('a', 'same');
  await world.solve(chain('a', 'b'));
  world.ops.ran.length = 0;
  world.ops.likely.set('a changed', 'same');
  expect(await world.solve(chain('a changed', 'b'))).toBe('b(a changed(base))');
  expect(world.ops.ran).toEqual(['a changed', 'b']);
  // And is recorded under that.
  world.ops.ran.length = 0;
  expect(await world.solve(chain('a changed', 'b'))).toBe('b(a changed(base))');
  expect(world.ops.ran).toEqual([]);
});

it('when an input fails, the next build gets the lock that was taken ahead', async () => {
  const world = new World();
  world.ops.failures.set('a', new Error('exit code: 1'));
  await expect(world.solve(chain('a', 'b'))).rejects.toThrow('exit code: 1');
  world.ops.failures.clear();
  expect(await world.solve(chain('a', 'b'))).toBe('b(a(base))');
});

it('a lock that was taken ahead is let go of when another build has the inputs already', async () => {
  const world = new World();
  world.ops.results.set('quick', 'same');
  await world.solve(chain('quick'));
  world.ops.likely.set('slow', 'same');
  const gate = world.ops.gate('slow');
  const slow = world.solve(chain('slow', 'b'));
  await gate.started;
  await turns();
  expect(await world.solve(chain('quick', 'b'))).toBe('b(same)');
  gate.open();
  expect(await slow).toBe('b(slow(base))');
});

it('two builds of the same steps at a time run each once', async () => {
  const world = new World();
  const gate = world.ops.gate('a');
  const both = [world.solve(chain('a', 'b', 'c')), world.solve(chain('a', 'b', 'c'))];
  await gate.started;
  await turns();
  gate.open();
  expect(await Promise.all(both)).toEqual(['c(b(a(base)))', 'c(b(a(base)))']);
  expect(world.ops.ran).toEqual(['a', 'b', 'c']);
});
