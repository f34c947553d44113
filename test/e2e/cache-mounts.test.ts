// Cache mounts across builds.

import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

/** What the step printed. */
function said(stderr: string): string[] {
  return [...stderr.matchAll(/^#\d+ [\d.]+ (.*)$/gm)].map((match) => match[1] ?? '');
}

describe('a cache mount', () => {
  it.each(['', ',mode=0770'])(
    'is kept from build to build, and fresh with --no-cache (options "%s")',
    async (options) => {
      const mount = `--mount=type=cache,target=/kept${options}`;
      const context = await space.context({
        Dockerfile: `FROM busybox\nARG name\nRUN ${mount} touch /kept/$name && echo $(ls /kept)\n`,
      });
      const build = async (name: string, ...flags: string[]) =>
        said((await space.build(['--build-arg', `name=${name}`, ...flags, context])).stderr);
      expect(await build('one')).toEqual(['one']);
      expect(await build('two')).toEqual(['one two']);
      expect(await build('three', '--no-cache')).toEqual(['three']);
      expect(await build('four')).toEqual(['four three']);
    },
  );

  it('is fresh only where a step of the stages of --no-cache-filter has it', async () => {
    const lines = (id: string) =>
      `RUN --mount=type=cache,id=${id},target=/c touch /c/$name && echo ${id} $(ls /c)`;
    const context = await space.context({
      Dockerfile: ['FROM busybox AS a', 'ARG name', lines('x'), 'FROM a AS b', lines('y')].join('\n'),
    });
    const build = async (name: string, ...flags: string[]) =>
      said((await space.build(['--build-arg', `name=${name}`, ...flags, context])).stderr);
    expect(await build('one')).toEqual(['x one', 'y one']);
    expect(await build('two', '--no-cache-filter', 'b')).toEqual(['x one two', 'y two']);
  });

  it('that is private is another one while it is in use, and one that is locked is waited for', async () => {
    const stage = (name: string, sharing: string) => [
      `FROM busybox AS ${name}`,
      `RUN --mount=type=cache,id=${sharing},target=/c,sharing=${sharing} echo ${name} before $(ls /c); ` +
        `touch /c/${name}; sleep 1; ls /c > /seen`,
    ];
    const file = (sharing: string) =>
      [
        ...stage('one', sharing),
        ...stage('two', sharing),
        'FROM busybox',
        'COPY --from=one /seen /one',
        'COPY --from=two /seen /two',
        'RUN echo sizes $(cat /one | wc -l) $(cat /two | wc -l)',
      ].join('\n');
    const apart = await space.build([await space.context({Dockerfile: file('private')})]);
    expect(said(apart.stderr)).toContain('sizes 1 1');
    const waiting = await space.build([await space.context({Dockerfile: file('locked')})]);
    expect(said(waiting.stderr)).toContainEqual(expect.stringMatching(/^sizes (1 2|2 1)$/));
  });
});
