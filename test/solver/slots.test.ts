// Who gets a slot when there are fewer than steps.

import {expect, it} from 'vitest';
import {slots} from '../../src/solver/slots.ts';
import {type Deferred, deferred} from '../../src/util/deferred.ts';

const {signal} = new AbortController();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Asks for a slot for each name, and tells who has begun; each ends when it is told to. */
function asking(count: number): {
  readonly begun: string[];
  readonly ends: Map<string, Deferred<void>>;
  ask(name: string, priority?: number, until?: AbortSignal): Promise<void>;
} {
  const {run} = slots(count);
  const begun: string[] = [];
  const ends = new Map<string, Deferred<void>>();
  return {
    begun,
    ends,
    ask: (name, priority = 0, until = signal) => {
      const end = deferred<void>();
      ends.set(name, end);
      const work = (): Promise<void> => {
        begun.push(name);
        return end.promise;
      };
      return run(work, {priority, signal: until});
    },
  };
}

it('no more run than there are slots, and who waits comes by priority, then in order', async () => {
  const {begun, ends, ask} = asking(2);
  const all = [ask('a'), ask('b'), ask('c', 1), ask('d', 2), ask('e', 1), ask('f', 2)];
  expect(begun).toEqual(['a', 'b']);
  for (const name of ['b', 'd', 'f', 'c', 'e', 'a']) {
    ends.get(name)?.resolve();
    await turn();
  }
  await Promise.all(all);
  expect(begun).toEqual(['a', 'b', 'd', 'f', 'c', 'e']);
});

it('one that failed, and one that was cancelled while it waited, leave their slot to the next', async () => {
  const {begun, ends, ask} = asking(1);
  const controller = new AbortController();
  const [failed, cancelled, last] = [ask('a'), ask('b', 0, controller.signal), ask('c')];
  const outcomes = Promise.allSettled([failed, cancelled, last]);
  controller.abort(new Error('interrupted'));
  ends.get('a')?.reject(new Error('exit code 1'));
  await turn();
  expect(begun).toEqual(['a', 'c']);
  ends.get('c')?.resolve();
  expect((await outcomes).map(({status}) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});
