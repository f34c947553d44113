import {describe, expect, it} from 'vitest';
import {limitArguments, memoryKillOf} from '../../../src/ops/exec/resource-limits.ts';

const limits = {limits: [{name: 'memory', value: `${512 * 1024 * 1024}`}], cgroupParent: 'builds'};
const killed = (kills: number): ReadonlyMap<string, string> =>
  new Map([
    ['oomkills', `${kills}`],
    ['memorypeak', `${1.5 * 1024 ** 3}`],
  ]);

describe('limitArguments', () => {
  it('name the parent and each limit', () => {
    expect(limitArguments(limits)).toEqual(['cgroup=builds', 'limit=memory:536870912']);
    expect(limitArguments({limits: []})).toEqual([]);
  });
});

describe('memoryKillOf', () => {
  it('tells the limit and the peak', () => {
    expect(memoryKillOf(killed(1), limits)).toBe(
      'out of memory: a process was killed at the limit of 512 MiB (peak 1.5 GiB)',
    );
    expect(memoryKillOf(killed(3), {limits: []})).toBe(
      'out of memory: 3 processes were killed by the kernel (peak 1.5 GiB)',
    );
  });

  it('tells when it was not the limit of the step', () => {
    const limit = (bytes: number) => ({limits: [{name: 'memory', value: `${bytes}`}]});
    expect(memoryKillOf(killed(1), limit(2 * 1024 ** 3))).toBe(
      'out of memory: a process was killed below the limit of 2 GiB (peak 1.5 GiB): the machine, or a control group above, had no more',
    );
    expect(memoryKillOf(killed(1), limit(1.5 * 1024 ** 3 + 4096))).toContain('killed at the limit of');
  });

  it('leaves the peak out where the kernel does not tell it', () => {
    expect(memoryKillOf(new Map([['oomkills', '1']]), limits)).toBe(
      'out of memory: a process was killed at the limit of 512 MiB',
    );
  });

  it('says nothing where nobody was killed', () => {
    expect(memoryKillOf(killed(0), limits)).toBeUndefined();
    expect(memoryKillOf(new Map(), limits)).toBeUndefined();
  });
});
