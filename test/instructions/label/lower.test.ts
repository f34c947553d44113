import {describe, expect, it} from 'vitest';
import {historyOf, planOf} from '../../plan/plan-of.ts';

describe('LABEL', () => {
  it('A109: merges with the base; --label wins in the end', async () => {
    const images = {'docker.io/library/base:latest': {Labels: {a: 'base', b: 'base', c: 'base'}}};
    const text = 'FROM base\nARG v=x\nLABEL b=$v "c d"="e f" c=file';
    const plan = await planOf(text, {images, labels: {c: 'flag', z: 'flag'}});
    expect(plan.config.config.Labels).toEqual({a: 'base', b: 'x', 'c d': 'e f', c: 'flag', z: 'flag'});
    expect(historyOf(plan).at(-1)).toBe('LABEL b=x c d=e f c=file (empty)');
  });

  it('writes labels in one order, whatever the file says', async () => {
    const plan = await planOf('FROM scratch\nLABEL z=1\nLABEL a=2');
    expect(Object.keys(plan.config.config.Labels ?? {})).toEqual(['a', 'z']);
  });
});
