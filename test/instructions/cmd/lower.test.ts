import {describe, expect, it} from 'vitest';
import {historyOf, planOf} from '../../plan/plan-of.ts';

describe('CMD', () => {
  it('A108: the shell form wraps the SHELL of its place', async () => {
    const plan = await planOf('FROM scratch\nCMD echo "a  b" $x\nSHELL ["sh", "-x"]\nCMD two');
    expect(plan.config.config).toMatchObject({Cmd: ['sh', '-x', 'two'], ArgsEscaped: true});
    expect(historyOf(plan)).toEqual([
      'CMD ["/bin/sh" "-c" "echo \\"a  b\\" $x"] (empty)',
      'SHELL [sh -x] (empty)',
      'CMD ["sh" "-x" "two"] (empty)',
    ]);
  });

  it('A108: the exec form is taken as it is, an empty one resets', async () => {
    const images = {'docker.io/library/base:latest': {Cmd: ['x']}};
    const plan = await planOf('FROM base\nCMD ["a", "$b"]', {images});
    expect(plan.config.config.Cmd).toEqual(['a', '$b']);
    expect((await planOf('FROM base\nCMD []', {images})).config.config.Cmd).toBeUndefined();
  });
});
