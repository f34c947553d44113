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

it('output is taken before its memory is used again, behind what was sent before it', async () => {
  const taken: string[] = [];
  const queue = new EventQueue((events) => {
    for (const event of events) {
      if (event.type === 'step-output')
        taken.push(`${event.data.length} ${String.fromCharCode(event.data[0] ?? 0)}`);
      if (event.type === 'step-note') taken.push(event.text);
    }
  });
  const memory = Buffer.alloc(100_000);
  const write = (length: number, letter: string): void => {
    const data = memory.fill(letter).subarray(0, length);
    queue.emit({type: 'step-output', step: 's', stream: 'stdout', data, atMs: 0});
    memory.fill('-');
  };
  write(3, 'a');
  queue.emit(note('b'));
  expect(taken).toEqual([]);
  write(100_000, 'c');
  expect(taken).toEqual(['3 a', 'b', '100000 c']);
  write(4, 'd');
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toEqual(['3 a', 'b', '100000 c', '4 d']);
});
