// Two stages of one build with the same step: it runs once, and both are told of.

import {expect, it} from 'vitest';
import type {BuildEvent} from '../../src/progress/events.ts';
import {slots} from '../../src/solver/slots.ts';
import {solve} from '../../src/solver/solver.ts';
import {FakeOps, type FakeVertex, fakeVertex, MemoryCache, memoryLocks} from '../support/fake-ops.ts';

const base = fakeVertex('source', 'base');

it('shows an equal step that is waited for, and that it need not run', async () => {
  const ops = new FakeOps();
  ops.results.set('x', 'same');
  ops.results.set('y', 'same');
  const events: BuildEvent[] = [];
  const stage = (name: string): FakeVertex =>
    fakeVertex('join', 'slow', [
      fakeVertex('copy', 'copy', [base, fakeVertex('join', name, [base])]),
      fakeVertex('copy', 'copy', [base, fakeVertex('join', name, [base])]),
    ]);
  const options = {
    runners: ops.runners(),
    cache: new MemoryCache(),
    slots: slots(4),
    locks: memoryLocks(),
    emit: (event: BuildEvent) => events.push(event),
    clock: {nowMs: () => 0},
  };
  const top = fakeVertex('join', 'top', [stage('x'), stage('y')]);
  await solve([top], options, new AbortController().signal);
  const outcomes = events.flatMap((event) =>
    event.type === 'step-finished' && /^(copy|slow)/.test(event.name)
      ? [`${event.name} ${event.outcome}`]
      : [],
  );
  expect(outcomes.toSorted()).toEqual(['copy cached', 'copy done', 'slow cached', 'slow done']);
  const notes = events.flatMap((event) => (event.type === 'step-note' ? [event.text] : []));
  expect(notes).toContain('waiting for an equal step of this build');
});
