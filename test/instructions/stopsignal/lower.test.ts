import {describe, expect, it} from 'vitest';
import {historyOf, planOf, problemsOf} from '../../plan/plan-of.ts';

describe('STOPSIGNAL', () => {
  it.each(['SIGTERM', 'term', '9', 'SIGRTMIN+3', 'RTMAX-14', '37'])('A114: %s is one', async (signal) => {
    const plan = await planOf(`FROM scratch\nARG s=${signal}\nSTOPSIGNAL $s`);
    expect(plan.config.config.StopSignal).toBe(signal);
    expect(historyOf(plan).at(-1)).toBe(`STOPSIGNAL ${signal} (empty)`);
  });

  it.each(['0', 'SIGNOPE', 'RTMIN+16', 'RTMAX-15'])('A114: %s is none', async (signal) => {
    expect(await problemsOf(`FROM scratch\nSTOPSIGNAL ${signal}`)).toEqual([`invalid signal: ${signal}`]);
  });
});
