import {describe, expect, it} from 'vitest';
import {historyOf, planOf, problemsOf} from '../../plan/plan-of.ts';

describe('VOLUME', () => {
  it('A111: words and JSON are expanded, and only noted', async () => {
    const plan = await planOf('FROM scratch\nENV d=/d\nVOLUME $d /e\nVOLUME ["/f $d"]');
    expect(Object.keys(plan.config.config.Volumes ?? {})).toEqual(['/d', '/e', '/f /d']);
    expect(plan.vertex).toBeUndefined();
    expect(historyOf(plan).slice(1)).toEqual(['VOLUME [/d /e] (empty)', 'VOLUME [/f /d] (empty)']);
  });

  it('A111: an empty one is an error', async () => {
    expect(await problemsOf('FROM scratch\nVOLUME $none')).toEqual([
      'VOLUME specified can not be an empty string',
    ]);
  });
});
