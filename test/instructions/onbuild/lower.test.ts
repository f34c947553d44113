import {describe, expect, it} from 'vitest';
import {execOf, historyOf, namesOf, planOf, problemsOf} from '../../plan/plan-of.ts';

const withTriggers = (...triggers: string[]) => ({
  images: {'docker.io/library/base:latest': {OnBuild: triggers}},
});

describe('ONBUILD', () => {
  it('A115: is stored as text, without a history entry', async () => {
    const plan = await planOf('FROM scratch\nONBUILD RUN echo $x\nONBUILD COPY . /src');
    expect(plan.config.config.OnBuild).toEqual(['RUN echo $x', 'COPY . /src']);
    expect(historyOf(plan)).toEqual([]);
  });

  it('A115: runs right after FROM in a build from the image, expanded there, and is not handed on', async () => {
    const plan = await planOf('FROM base\nENV x=2', withTriggers('ENV x=1', 'RUN echo'));
    expect(historyOf(plan)).toEqual(['ENV x=1 (empty)', 'RUN /bin/sh -c echo # buildkit', 'ENV x=2 (empty)']);
    expect(plan.config.config.OnBuild).toBeUndefined();
    expect(namesOf(plan)[1]).toBe('[2/3] ONBUILD RUN echo');
  });

  it('A115: runs in a stage on top of the stage that has it, but not in the next', async () => {
    const plan = await planOf('FROM scratch AS a\nONBUILD RUN t\nFROM a AS b\nRUN b\nFROM b\nRUN c');
    expect(historyOf(plan).map((entry) => entry.split(' ')[3])).toEqual(['t', 'b', 'c']);
  });

  it('A115: does not run where the stage is only copied from', async () => {
    const plan = await planOf('FROM scratch AS a\nONBUILD RUN t\nFROM scratch\nCOPY --from=a /x /');
    expect(namesOf(plan).join()).not.toContain('RUN t');
  });

  it('A115: may read from stages and images that the file does not name', async () => {
    const looked: string[] = [];
    const text = 'FROM alpine AS extra\nRUN x\nFROM base';
    const options = withTriggers('COPY --from=extra /x /', 'COPY --from=debian /y /');
    const plan = await planOf(text, {...options, onResolve: (reference) => looked.push(reference)});
    expect(looked.sort()).toEqual(
      ['alpine', 'base', 'debian'].map((name) => `docker.io/library/${name}:latest`),
    );
    expect(namesOf(plan)).toContain('[extra 2/2] RUN x');
  });

  it('A25: keeps a heredoc', async () => {
    const plan = await planOf('FROM scratch AS a\nONBUILD RUN <<EOF\necho 1\necho 2\nEOF\nFROM a');
    expect(execOf(plan).args).toEqual(['/bin/sh', '-c', 'echo 1\necho 2\n']);
  });

  it('A115: a trigger that is no instruction is an error at FROM', async () => {
    expect(await problemsOf('FROM base', withTriggers('NONSENSE x'))).toEqual([
      'in ONBUILD NONSENSE x: unknown instruction: NONSENSE',
    ]);
  });
});
