// The table of cache scenarios on real builds, in this process: what is found is exactly what the row says, and
// wherever BuildKit finds a step, so do we. The rows are in rows-*.mjs, BuildKit's verdicts in buildkit.json, which
// ask-docker.mjs writes by asking a real one.

import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {runCli} from '../../../src/cli/run.ts';
import {memoryIo} from '../../cli/memory-io.ts';
import {repository, type Workspace, workspaceWithBases} from '../command.ts';
import {pushMovingBase} from './moving-base.mjs';
import {scenarioPage} from './page.mjs';
import {Play, serveFiles, stepOf} from './play.mjs';
import {type Scenario, scenarios, type Verdict} from './scenarios.mjs';

const here = join(repository, 'test/e2e/cache-scenarios');
const asked = JSON.parse(readFileSync(join(here, 'buildkit.json'), 'utf8')) as {
  readonly version: string;
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, Verdict>>>>;
};

let space: Workspace;
let files: Awaited<ReturnType<typeof serveFiles>>;
beforeAll(async () => {
  space = await workspaceWithBases();
  files = await serveFiles();
});
afterAll(async () => {
  await files?.close();
  await space?.[Symbol.asyncDispose]();
});

async function moveBase({movingBase}: Play, version: number): Promise<void> {
  const address = space.registry?.address;
  if (address === undefined) throw new Error('there is a registry');
  await pushMovingBase(address, space.folder, movingBase, `${process.pid}-${version}`);
}

/** Outcome of each step of the row; of several vertices of one step all have to be found. */
async function build(
  scenario: Scenario,
  context: string,
  flags: readonly string[],
): Promise<Readonly<Record<string, Verdict>>> {
  const io = memoryIo({env: process.env, cwd: space.folder});
  const own = ['--root', space.root, '--config', join(space.folder, 'tsbuild.toml')];
  const argv = ['build', '--progress', 'rawjson', ...own, ...flags, context];
  const code = await runCli(argv, io, new AbortController().signal);
  expect(code, io.err()).toBe(0);
  const found: Record<string, Verdict> = {};
  for (const line of io.err().split('\n').filter(Boolean)) {
    const {vertexes = []} = JSON.parse(line) as {
      vertexes?: readonly {name: string; completed?: string; cached?: boolean}[];
    };
    for (const {name, completed, cached} of vertexes) {
      const step = completed === undefined ? undefined : stepOf(scenario, name);
      if (step !== undefined && found[step] !== 'run') found[step] = cached === true ? 'hit' : 'run';
    }
  }
  return found;
}

const numbered = scenarios.map((scenario, index) => ({...scenario, number: index + 1}));

describe.each([...new Set(scenarios.map(({group}) => group))])('%s', (group) => {
  const rows = numbered.filter((scenario) => scenario.group === group);
  it.concurrent.each(rows)('$number $name', async (scenario) => {
    const {number, edit, after} = scenario;
    const play = new Play(scenario, space.folder, number, {url: files.url});
    files.serve(number, scenario.served);
    if (edit.moveBase === true) await moveBase(play, 1);
    await build(scenario, play.context, play.flags);
    play.edit();
    if (edit.served !== undefined) files.serve(number, edit.served);
    if (edit.moveBase === true) await moveBase(play, 2);
    expect(await build(scenario, play.context, play.flagsAfter)).toEqual(after);
  });
});

describe('the table', () => {
  it('has at least 60 edits, each with a name of its own and a verdict of BuildKit', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(60);
    expect(new Set(scenarios.map(({name}) => name)).size).toBe(scenarios.length);
    for (const {name, after, documented} of scenarios) {
      const verdicts = documented ?? asked.verdicts[name];
      expect(Object.keys(verdicts ?? {}).toSorted(), name).toEqual(Object.keys(after).toSorted());
    }
  });

  it('finds every step that BuildKit finds', () => {
    const lost = scenarios.flatMap(({name, after, documented, wrong}) =>
      Object.entries(documented ?? asked.verdicts[name] ?? {})
        .filter(([step, verdict]) => wrong !== true && verdict === 'hit' && after[step] !== 'hit')
        .map(([step]) => `${name}: ${step}`),
    );
    expect(lost).toEqual([]);
  });

  it('is the one that the page shows', () => {
    const page = readFileSync(join(repository, 'docs/cache-scenarios.md'), 'utf8');
    expect(page, 'node test/e2e/cache-scenarios/page.mjs writes it').toBe(scenarioPage(scenarios, asked));
  });
});
