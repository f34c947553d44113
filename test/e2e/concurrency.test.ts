// Several commands on one state directory: a step that two of them want runs once, different builds do not disturb each
// other, and all see the same result.

import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {namesOf, stepsOf, type Workspace, workspaceWithBases} from './command.ts';
import {readArchive, unpackTar} from './image.ts';

let space: Workspace;

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

describe('several commands at once', () => {
  it('run each step once, from an empty state directory', async () => {
    const context = await space.context({
      Dockerfile:
        'FROM busybox\nRUN sleep 1; cat /proc/sys/kernel/random/uuid > /who\nCOPY a /a\nRUN echo last\n',
      a: 'a',
    });
    const archives = [1, 2, 3, 4].map((number) => join(space.folder, `same-${number}.tar`));
    const runs = await Promise.all(
      archives.map((dest) =>
        space.run(['build', '--progress', 'plain', '-o', `type=oci,dest=${dest}`, context]),
      ),
    );
    for (const run of runs) expect(run.code, run.stderr).toBe(0);
    const done = runs.flatMap((run) => namesOf(stepsOf(run.stderr), 'done'));
    expect([...done].sort()).toEqual([...new Set(done)].sort());
    expect(done).toHaveLength(3);
    const images = archives.map((file) => readArchive(file, space.folder).diffIds.join());
    expect(new Set(images).size).toBe(1);
    expect(await space.leftovers()).toEqual([]);
  });

  it('twenty of overlapping graphs run each step once in total, and those who wait say so', async () => {
    const root = join(space.folder, 'twenty');
    // Each run of a step leaves a line, whoever runs it.
    const step = (name: string) =>
      `RUN --mount=type=cache,id=runs,target=/runs echo ${name} >> /runs/log; sleep 0.3; echo ${name} > /${name}\n`;
    const stages = ['a', 'b', 'c', 'd'];
    const contexts = await Promise.all(
      stages.map((own) => {
        const others = stages.filter((name) => name !== own);
        const stage = (name: string) => `FROM base AS ${name}\n${step(name)}`;
        const copies = others.map((name) => `COPY --from=${name} /${name} /${name}\n`).join('');
        return space.context({
          Dockerfile: `FROM busybox AS base\n${step('common')}${others.map(stage).join('')}FROM base\n${copies}${step(`last-${own}`)}`,
        });
      }),
    );
    const runs = await Promise.all(
      Array.from({length: 20}, (_, n) =>
        space.run(
          ['build', '--progress', 'plain', '-o', 'type=cacheonly', contexts[n % stages.length] ?? ''],
          {root},
        ),
      ),
    );
    for (const run of runs) expect(run.code, run.stderr).toBe(0);
    expect(runs.some(({stderr}) => /waiting for another/.test(stderr))).toBe(true);
    const kept = await space.run(['cache-mount export', '-o', join(space.folder, 'runs.tar'), 'runs'], {
      root,
    });
    expect(kept.code, kept.stderr).toBe(0);
    const log = join(unpackTar(join(space.folder, 'runs.tar'), space.folder), 'log');
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    const wanted = ['common', ...stages, ...stages.map((name) => `last-${name}`)];
    expect(lines.toSorted()).toEqual(wanted.toSorted());
    expect(await space.leftovers()).toEqual([]);
  });

  it('build different things side by side', async () => {
    const contexts = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        space.context({
          Dockerfile: `FROM busybox\nRUN echo ${n} > /n\nRUN sleep 0.5; test "$(cat /n)" = ${n}\n`,
        }),
      ),
    );
    const runs = await Promise.all(
      contexts.map((context) => space.run(['build', '-t', 'shared-name', context])),
    );
    for (const run of runs) expect(run.code, run.stderr).toBe(0);
  });

  it('do not wait for ever for one that was killed while it held a step', async () => {
    const context = await space.context({
      // The first one that runs it never ends, the next one does.
      Dockerfile: `FROM busybox\nRUN --mount=type=cache,id=held,target=/held echo holding; : ${space.mark}; mkdir /held/once || exit 0; sleep 600\n`,
    });
    const first = space.start(['build', '--progress', 'plain', context]);
    await first.until(/^#\d+ (?:\d+\.\d+ )?holding/m);
    const second = space.start(['build', '--progress', 'plain', context]);
    await second.until(/^#\d+ \[.*2\/2\] RUN .*\n#\d+ waiting for another/m);
    first.child.kill('SIGKILL');
    await first.done;
    const run = await second.done;
    expect(run.code, run.stderr).toBe(0);
    expect(await space.leftovers()).toEqual([]);
  });
});
