import {describe, expect, it} from 'vitest';
import {execOf, historyOf, planOf} from '../../plan/plan-of.ts';

describe('SHELL', () => {
  it('A113: is for later shell forms, stands in the config and goes with the stage', async () => {
    const plan = await planOf('FROM busybox AS a\nSHELL ["/bin/bash", "-xc"]\nFROM a\nRUN x');
    expect(plan.config.config.Shell).toEqual(['/bin/bash', '-xc']);
    expect(execOf(plan).args).toEqual(['/bin/bash', '-xc', 'x']);
    expect(historyOf(plan)[0]).toBe('SHELL [/bin/bash -xc] (empty)');
  });

  it('A113: is reset by a new stage from an image', async () => {
    const plan = await planOf('FROM busybox AS a\nSHELL ["x"]\nFROM busybox\nRUN y');
    expect(execOf(plan).args).toEqual(['/bin/sh', '-c', 'y']);
  });
});
