import {describe, expect, it} from 'vitest';
import {historyOf, planOf} from '../../plan/plan-of.ts';

const images = {'docker.io/library/base:latest': {Cmd: ['inherited'], Entrypoint: ['old']}};

describe('ENTRYPOINT', () => {
  it('A108: clears a CMD that was inherited', async () => {
    const plan = await planOf('FROM base\nENTRYPOINT ["e"]', {images});
    expect(plan.config.config).toMatchObject({Entrypoint: ['e']});
    expect(plan.config.config.Cmd).toBeUndefined();
    expect(historyOf(plan)).toEqual(['ENTRYPOINT ["e"] (empty)']);
  });

  it('A108: leaves a CMD that was set in this stage', async () => {
    const plan = await planOf('FROM base\nCMD ["c"]\nENTRYPOINT e', {images});
    expect(plan.config.config).toMatchObject({Entrypoint: ['/bin/sh', '-c', 'e'], Cmd: ['c']});
  });

  it('A108: a CMD of the stage below counts as inherited', async () => {
    const plan = await planOf('FROM base AS a\nCMD ["c"]\nFROM a\nENTRYPOINT ["e"]', {images});
    expect(plan.config.config.Cmd).toBeUndefined();
  });
});
