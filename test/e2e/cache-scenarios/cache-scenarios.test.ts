// The table of cache scenarios on real builds, in this process: what is found is exactly what the row says, and
// wherever BuildKit finds a step, so do we. The rows are in rows-*.mjs, BuildKit's verdicts in buildkit.json, which
// ask-docker.mjs writes by asking a real one.

import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {runCli} from '../../../src/cli/run.ts';
import {memoryIo} from '../../cli/memory-io.ts';
import {type GitRepository, type GitServer, startGitServer} from '../../support/git-server.ts';
import {repository, type Workspace, workspaceWithBases} from '../command.ts';
import {skip} from '../requirements.ts';
import {pushMovingBase} from './moving-base.mjs';
import {scenarioPage} from './page.mjs';
import {Play, serveFiles, stepOf} from './play.mjs';
import {type GitChange, type OwnBase, type Scenario, scenarios, type Verdict} from './scenarios.mjs';

const here = join(repository, 'test/e2e/cache-scenarios');
const asked = JSON.parse(readFileSync(join(here, 'buildkit.json'), 'utf8')) as {
  readonly version: string;
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, Verdict>>>>;
};

let space: Workspace;
let files: Awaited<ReturnType<typeof serveFiles>>;
let repositories: GitServer | undefined;
beforeAll(async () => {
  space = await workspaceWithBases();
  files = await serveFiles();
  repositories = await startGitServer();
});
afterAll(async () => {
  await files?.close();
  await repositories?.close();
  await space?.[Symbol.asyncDispose]();
});

async function pushBase({movingBase}: Play, base: OwnBase | undefined): Promise<void> {
  if (base === undefined) return;
  const address = space.registry?.address;
  if (address === undefined) throw new Error('there is a registry');
  await pushMovingBase(address, space.folder, movingBase, base);
}

function commit(repository: GitRepository | undefined, changes: readonly GitChange[] = []): void {
  for (const {tag, ...change} of changes) {
    repository?.commit(change);
    if (tag !== undefined) repository?.git('push', '--quiet', 'origin', `HEAD:refs/tags/${tag}`);
  }
}

/** Outcome of each step of the row; of several vertices of one step all have to be found. */
async function build(
  scenario: Scenario,
  play: Play,
  flags: readonly string[],
): Promise<Readonly<Record<string, Verdict>>> {
  const {operand, input, env} = play;
  const io = memoryIo({
    env: {...process.env, ...env},
    cwd: space.folder,
    ...(input === undefined ? {} : {stdin: input}),
  });
  const own = ['--root', space.root, '--config', join(space.folder, 'tsbuild.toml')];
  const argv = ['build', '--progress', 'rawjson', ...own, ...flags, operand];
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
  it.concurrent.for(rows)('$number $name', async (scenario, test) => {
    const {number, edit, after} = scenario;
    if (scenario.git !== undefined && repositories === undefined) skip(test, 'git is not installed');
    const repository = scenario.git && repositories?.create(`row-${number}`);
    commit(repository, scenario.git);
    const play = new Play(scenario, space.folder, number, {url: files.url, git: repository?.url});
    files.serve(number, scenario.served);
    await pushBase(play, scenario.base);
    await build(scenario, play, play.flags);
    play.edit();
    commit(repository, edit.git);
    if (edit.served !== undefined) files.serve(number, edit.served);
    await pushBase(play, edit.base);
    expect(await build(scenario, play, play.flagsAfter)).toEqual(after);
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
