// Reasons for misses, forecasts and the history, on whole builds; the report in a real browser.

import {spawnSync} from 'node:child_process';
import {chmod, rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {tsbuildPath, type Workspace, workspaceWithBases} from './command.ts';
import {needCommand} from './requirements.ts';

let space: Workspace;
let context: string;
beforeAll(async () => {
  space = await workspaceWithBases();
  context = await space.context({
    Dockerfile: 'FROM busybox\nARG REV\nCOPY src /src\nRUN echo "rev <$REV>" | tee /rev\n',
    'src/a': '1',
    'src/b': '1',
  });
  await space.build(['--build-arg', 'REV=a1', context]);
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

function asked(...args: string[]): string {
  const own = {TSBUILD_ROOT: space.root, TSBUILD_CONFIG: join(space.folder, 'tsbuild.toml')};
  const run = spawnSync(tsbuildPath, args, {env: {...process.env, ...own}});
  expect(run.stderr.toString()).toBe('');
  expect(run.status).toBe(0);
  return run.stdout.toString();
}

describe('a change', () => {
  it('is foretold by explain and plan, told by the build, and told again by the history', async () => {
    await writeFile(join(context, 'src/a'), '2');
    await rename(join(context, 'src/b'), join(context, 'src/c'));
    await chmod(join(context, 'src/c'), 0o755);
    const flags = ['--build-arg', 'REV=b2', context];
    const files = 'src/a changed, src/b removed, src/c added (3 of 3 files)';
    const variable = 'ARG REV a1 → b2, used by RUN at line 4; input step missed (COPY at line 3)';
    const explained = asked('explain', ...flags);
    expect(explained).toContain(files);
    expect(explained).toContain(variable);
    const plan = JSON.parse(asked('plan', '--format', 'json', ...flags)) as {
      steps: {name: string; state: string; expectedMs?: number}[];
    };
    expect(plan.steps.map(({state}) => state)).toEqual(['hit', 'hit', 'miss', 'miss']);
    expect(plan.steps[3]?.expectedMs).toBeGreaterThan(0);
    const {stderr} = await space.build(flags);
    expect(stderr).toContain(`not cached: ${files}`);
    expect(stderr).toContain(`not cached: ${variable}`);
    expect(asked('explain', '--last')).toContain(variable);
    expect(asked('history', 'inspect')).toContain(`not cached: ${files}`);
    expect(asked('history', 'compare')).toContain(`not cached: ${files}`);
    expect(asked('history', 'logs')).toContain('rev <b2>\n');
    expect(asked('explain', ...flags)).toBe('every step is in the cache\n');
  });

  it('that makes a build fail is in the history with the log', async () => {
    const broken = await space.context({Dockerfile: 'FROM busybox\nRUN echo before && false\n'});
    const run = await space.run(['build', broken]);
    expect(run.code).toBe(1);
    const [first = ''] = asked('history', '--format', '{{.Status}} {{.Error}}').split('\n');
    expect(first).toMatch(/^Error .*exit code: 1/);
    expect(asked('history', 'logs')).toContain('before\n');
    const id = asked('history', 'ls', '-q', '--filter', 'status=error').trim();
    expect(asked('history', 'rm', id)).toBe(`${id}\n`);
  });

  it('is in a report that a browser shows', async (test) => {
    const chromium = needCommand(test, 'chromium');
    const file = join(space.folder, 'report.html');
    asked('history', 'export', '-o', file);
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${space.folder}/browser`];
    const shown = spawnSync(chromium, [...flags, '--dump-dom', `file://${file}`], {timeout: 150_000});
    expect(shown.status).toBe(0);
    const dom = shown.stdout.toString();
    for (const id of ['timeline', 'critical-path', 'misses', 'graph']) expect(dom).toContain(`id="${id}"`);
    expect(dom).toContain('ARG REV a1 → b2');
    expect(dom).toContain('<svg');
    const picture = join(space.folder, 'report.png');
    const drawn = spawnSync(chromium, [...flags, `--screenshot=${picture}`, `file://${file}`], {
      timeout: 150_000,
    });
    expect(drawn.status).toBe(0);
  }, 400_000);
});
