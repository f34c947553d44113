// Whoever sends events does not wait for what is done with them, and none is lost or out of order.

import {expect, it} from 'vitest';
import {EventQueue} from '../../src/progress/event-queue.ts';
import type {BuildEvent} from '../../src/progress/events.ts';

const note = (text: string): BuildEvent => ({type: 'step-note', step: 's', text, atMs: 0});

it('events are taken in the next turn, in the order in which they were sent', async () => {
  const taken: BuildEvent[] = [];
  const queue = new EventQueue((events) => taken.push(...events));
  queue.emit(note('a'));
  queue.emit(note('b'));
  await Promise.resolve();
  expect(taken).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toEqual([note('a'), note('b')]);
});

it('at the end all are taken at once, also those that taking one has sent', () => {
  const taken: BuildEvent[] = [];
  const queue: EventQueue = new EventQueue((events) => {
    taken.push(...events);
    if (taken.length === 1) queue.emit(note('b'));
  });
  queue.emit(note('a'));
  queue.drain();
  expect(taken).toEqual([note('a'), note('b')]);
});
