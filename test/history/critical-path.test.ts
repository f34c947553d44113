import {describe, expect, it} from 'vitest';
import {criticalPathOf} from '../../src/history/critical-path.ts';

const step = (durationMs: number, ...inputs: number[]) => ({durationMs, inputs});

describe('criticalPathOf', () => {
  it('is the way through the graph that took longest', () => {
    //  0 ─ 1(50) ─┐
    //  └── 2(10) ─ 3(5)      4(40) stands alone
    const steps = [step(20), step(50, 0), step(10, 0), step(5, 1, 2), step(40)];
    expect(criticalPathOf(steps)).toEqual({steps: [0, 1, 3], durationMs: 75});
  });

  it('leaves out what took no time', () => {
    expect(criticalPathOf([step(0), step(7, 0)])).toEqual({steps: [1], durationMs: 7});
    expect(criticalPathOf([])).toEqual({steps: [], durationMs: 0});
  });

  it('ends also when the graph goes in a circle', () => {
    expect(criticalPathOf([step(1, 1), step(2, 0)]).durationMs).toBe(3);
  });
});
