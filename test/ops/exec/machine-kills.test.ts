import {describe, expect, it} from 'vitest';
import {MachineKills} from '../../../src/ops/exec/machine-kills.ts';

const killed = new Map([['signal', '9']]);
const shellOfKilled = new Map([['exit', '137']]);

/** The kernel's counts, one after the other. */
function counting(...counts: readonly (number | undefined)[]): MachineKills {
  const left = [...counts];
  const kills = new MachineKills(() => left.shift());
  kills.begin();
  return kills;
}

describe('processes that were killed for want of memory', () => {
  it('are told of when a process was killed meanwhile, or the one that a shell waited for', () => {
    expect(counting(7, 8).reasonFor(killed)).toBe(
      'out of memory: the kernel has killed a process of this machine meanwhile (dmesg tells which)',
    );
    expect(counting(7, 10).reasonFor(shellOfKilled)).toContain('has killed 3 processes of');
  });

  it('are no reason when there were none, or the process ended in another way', () => {
    expect(counting(7, 7).reasonFor(killed)).toBeUndefined();
    expect(counting(7, 8).reasonFor(new Map([['exit', '1']]))).toBeUndefined();
    expect(counting(7, 8).reasonFor(new Map([['signal', '15']]))).toBeUndefined();
  });

  it('are told of once', () => {
    const kills = counting(7, 8, 8);
    kills.begin();
    kills.forget();
    expect(kills.reasonFor(killed)).toBeUndefined();
  });

  it('may be the reason where the kernel does not count them', () => {
    expect(counting(undefined, undefined).reasonFor(killed)).toMatch(/^signal 9 often is .* see dmesg$/);
  });

  it('are counted by the kernel that is here', () => {
    const kills = new MachineKills();
    kills.begin();
    expect(kills.reasonFor(killed) ?? 'of this machine').toContain('of this machine');
  });
});
