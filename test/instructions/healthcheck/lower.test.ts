import {describe, expect, it} from 'vitest';
import {historyOf, planOf} from '../../plan/plan-of.ts';

describe('HEALTHCHECK', () => {
  it('A112: the shell form is for the shell of the container, options stand as docker writes them', async () => {
    const plan = await planOf(
      'FROM scratch\nHEALTHCHECK --interval=5m --timeout=3s --retries=4 CMD curl $x || exit 1',
    );
    expect(plan.config.config.Healthcheck).toEqual({
      Test: ['CMD-SHELL', 'curl $x || exit 1'],
      Interval: 300_000_000_000,
      Timeout: 3_000_000_000,
      Retries: 4,
    });
    expect(historyOf(plan)).toEqual([
      'HEALTHCHECK {Test:[CMD-SHELL curl $x || exit 1] Interval:5m0s Timeout:3s StartPeriod:0s StartInterval:0s ' +
        'Retries:4} (empty)',
    ]);
  });

  it('A112: the exec form and NONE', async () => {
    const exec = await planOf('FROM scratch\nHEALTHCHECK CMD ["a", "b"]');
    expect(exec.config.config.Healthcheck).toEqual({Test: ['CMD', 'a', 'b']});
    const none = await planOf('FROM scratch\nHEALTHCHECK NONE');
    expect(none.config.config.Healthcheck).toEqual({Test: ['NONE']});
  });
});
