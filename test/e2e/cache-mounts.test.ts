// Cache mounts across builds.

import {join} from 'node:path';
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
    // Those that are to be in use at the same time wait for each other, the others could not.
    const meet = 'n=0; while [ $(ls /m | wc -l) -lt 2 ] && [ $n -lt 600 ]; do sleep 0.1; n=$((n+1)); done';
    const stage = (name: string, sharing: string) => [
      `FROM busybox AS ${name}`,
      // The command names it, for two caches with the same contents are one to the cache of steps.
      `RUN --mount=type=cache,id=${sharing},target=/c,sharing=${sharing} --mount=type=cache,id=meeting,target=/m ` +
        `echo ${sharing} ${name} before $(ls /c); touch /c/${name} /m/${name}; ` +
        `${sharing === 'private' ? meet : 'sleep 1'}; ls /c > /seen`,
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

describe('tsbuild cache-mount', () => {
  const names = (stdout: Buffer) => stdout.toString().split('\n').slice(0, -1);

  it('lists, exports, imports and removes, and a step finds what was imported', async () => {
    const mount = 'RUN --mount=type=cache,id=moved,target=/c,uid=7,sharing=locked';
    const context = await space.context({
      Dockerfile: `FROM busybox\nARG say\n${mount} echo $say >> /c/said; echo so far $(cat /c/said)\n`,
    });
    await space.build(['--build-arg', 'say=one', context]);
    const listed = await space.run([
      'cache-mount ls',
      '--format',
      '{{.ID}} {{.Sharing}} {{.Variant}} {{.InUse}}',
    ]);
    expect(names(listed.stdout)).toContain('moved locked mode=0755,uid=7,gid=0 false');
    const tar = await space.run(['cache-mount export', 'moved']);
    expect([tar.code, tar.stderr]).toEqual([0, '']);

    const root = join(space.folder, 'other');
    const variant = ['--variant', 'uid=7'];
    const imported = await space.run(['cache-mount import', ...variant, 'moved'], {
      root,
      input: tar.stdout,
    });
    expect([imported.code, imported.stderr]).toEqual([0, '']);
    const next = await space.build(['--build-arg', 'say=two', context], {root});
    expect(said(next.stderr)).toEqual(['so far one two']);
    const shown = await space.run(['cache-mount inspect', 'moved', '--format', 'json'], {root});
    expect(JSON.parse(shown.stdout.toString())).toMatchObject([{ID: 'moved', Scope: 'standard input'}]);

    const removed = await space.run(['cache-mount rm', 'moved'], {root});
    expect([removed.code, removed.stdout.toString()]).toEqual([0, 'moved\n']);
    expect(names((await space.run(['cache-mount ls', '-q'], {root})).stdout)).toEqual([]);
    const gone = await space.run(['cache-mount rm', 'moved'], {root});
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('there is no cache mount moved')]);
  });

  it('touches nothing that a running step has', async () => {
    const context = await space.context({
      Dockerfile: `FROM busybox\nRUN --mount=type=cache,id=busy,target=/c touch /c/a; echo has it; : ${space.mark}; sleep 600\n`,
    });
    const running = space.start(['build', '--progress', 'plain', context]);
    await running.until(/has it/);
    for (const command of ['export', 'rm']) {
      const run = await space.run([`cache-mount ${command}`, 'busy']);
      expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('in use')]);
    }
    const pruned = await space.run(['cache-mount prune', '-f', '--filter', 'description~=busy']);
    expect([pruned.code, pruned.stdout.toString()]).toEqual([0, expect.stringMatching(/Total:\t0B/)]);
    running.child.kill('SIGINT');
    await running.done;
    const after = await space.run([
      'cache-mount prune',
      '-f',
      '--filter',
      'description~=busy',
      '--format',
      '{{.Type}}',
    ]);
    expect(names(after.stdout)).toEqual(['exec.cachemount']);
  });
});
