import {describe, expect, it} from 'vitest';
import {historyOf, path, planOf, problemsOf} from '../../plan/plan-of.ts';

describe('ENV', () => {
  it('A31: all pairs of an instruction see the values from before it', async () => {
    const plan = await planOf('FROM scratch\nENV a=1\nENV a=2 b=$a');
    expect(plan.config.config.Env).toEqual([path, 'a=2', 'b=1']);
  });

  it('A32: both forms lose their quotes', async () => {
    const plan = await planOf('FROM scratch\nENV a="x y" b=x\\ y\nENV c rest of "the" line');
    expect(plan.config.config.Env).toEqual([path, 'a=x y', 'b=x y', 'c=rest of the line']);
    expect(historyOf(plan)).toEqual(['ENV a=x y b=x y (empty)', 'ENV c=rest of the line (empty)']);
  });

  it('A33: persists into stages on top and sees the variables of the base image', async () => {
    const images = {'docker.io/library/base:latest': {Env: ['HOME=/h', 'PATH=/p']}};
    const plan = await planOf('FROM base AS a\nENV b=$HOME/b\nFROM a\nENV c=$b/c', {images});
    expect(plan.config.config.Env).toEqual(['HOME=/h', 'PATH=/p', 'b=/h/b', 'c=/h/b/c']);
  });

  it('keeps the place of a variable that is set again', async () => {
    const plan = await planOf('FROM scratch\nENV a=1 b=2\nENV a=3');
    expect(plan.config.config.Env).toEqual([path, 'a=3', 'b=2']);
  });

  it('A28: a needed variable that is not there is an error with its text', async () => {
    expect(await problemsOf('FROM scratch\nENV a=${b:?missing}')).toEqual([
      'failed to process "${b:?missing}": b: missing',
    ]);
  });
});
