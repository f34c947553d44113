// The soundness search: random Dockerfiles and random edits, built with whatever is in the cache, against a build of
// the same without any; and what the command says that is called again and again, with a note of what it said before
// (docs/adr/0025). Every other project has a machine of its own for each build, with nothing in common but a
// shared cache. The images have to be equal: config and layers, times included, since the files of the context have
// times that do not change. SEED=N begins with another project (a failure says which); TSBUILD_SOAK=1 tries
// thousands, or as many as ROUNDS says.

import {execFileSync} from 'node:child_process';
import {chmodSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {runCli} from '../../../src/cli/run.ts';
import {memoryIo} from '../../cli/memory-io.ts';
import {type Workspace, workspaceWithBases} from '../command.ts';
import {readLayout} from '../image.ts';
import {dockerfileOf, type Project, Random, randomEdit, randomProject} from './random-project.ts';

const isSoak = process.env['TSBUILD_SOAK'] === '1';
const rounds = isSoak ? Number(process.env['ROUNDS'] ?? 2000) : 8;
const firstSeed = Number(process.env['SEED'] ?? 1);
const editsPerRound = 2;
const fileSeconds = 1_600_000_000;

let space: Workspace;
/** A state directory with the base image and nothing else. */
let pristine: string;
beforeAll(async () => {
  space = await workspaceWithBases();
  pristine = join(space.folder, 'pristine');
  const context = await space.context({Dockerfile: 'FROM busybox\nRUN true\n'});
  await space.build(['-o', 'type=cacheonly', context], {root: pristine});
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

/** All projects have the same names of files. What is as it should be stays untouched. */
function layOut(project: Project, folder: string): void {
  const dirs = new Set([folder]);
  for (const [name, text] of Object.entries(project.files)) {
    const path = join(folder, name);
    for (let dir = dirname(path); dir !== folder; dir = dirname(dir)) dirs.add(dir);
    lay(path, text, project.modes[name] ?? 0o644);
  }
  lay(join(folder, '.dockerignore'), '*.log\nDockerfile\n.dockerignore\n');
  lay(join(folder, 'Dockerfile'), dockerfileOf(project));
  for (const dir of dirs) {
    if (statSync(dir).mtimeMs !== fileSeconds * 1000) utimesSync(dir, fileSeconds, fileSeconds);
  }
}

/** A file with the time of all others. */
function lay(path: string, text: string, mode = 0o644): void {
  const found = statSync(path, {throwIfNoEntry: false});
  const isSame = found !== undefined && readFileSync(path, 'utf8') === text;
  if (isSame && (found.mode & 0o7777) === mode) return;
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, text);
  chmodSync(path, mode);
  utimesSync(path, fileSeconds, fileSeconds);
}

interface Built {
  /** What is compared, as text. */
  readonly image: string;
  readonly log: string;
}

async function build(project: Project, root: string, flags: readonly string[]): Promise<Built> {
  const context = join(space.folder, 'context');
  layOut(project, context);
  const out = join(space.folder, 'out');
  rmSync(out, {recursive: true, force: true});
  const args = Object.entries(project.buildArgs).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  const io = memoryIo({env: process.env, cwd: space.folder});
  const own = ['--progress', 'plain', '--root', root, '--config', join(space.folder, 'tsbuild.toml')];
  const output = ['-o', `type=oci,dest=${out},tar=false`];
  const code = await runCli(
    ['build', ...own, ...flags, ...args, ...output, context],
    io,
    new AbortController().signal,
  );
  if (code !== 0) return {image: `exit code ${code}`, log: io.err()};
  const {config, diffIds} = readLayout(out);
  // When it was made is all that may differ.
  const {created: _, history, ...rest} = config as typeof config & {readonly created?: string};
  const steps = history.map(({created_by, empty_layer}) => ({created_by, empty_layer}));
  return {image: JSON.stringify({...rest, steps, diffIds}, null, 1), log: io.err()};
}

function callOf({buildArgs}: Project): readonly string[] {
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  return ['-q', ...args, join(space.folder, 'context')];
}

/** What the command says of the image, which may have a note, and what it is: this process has none. */
async function said(project: Project, root: string): Promise<readonly [told: string, built: string]> {
  layOut(project, join(space.folder, 'context'));
  const run = await space.run(['build', ...callOf(project)], {root});
  const io = memoryIo({env: process.env, cwd: space.folder});
  const own = ['--root', root, '--config', join(space.folder, 'tsbuild.toml')];
  const code = await runCli(['build', ...own, ...callOf(project)], io, new AbortController().signal);
  return [`${run.code} ${run.stdout}${run.stderr}`, `${code} ${io.out()}${io.err()}`];
}

/** Builds one after the other with one cache; gives the first that differs from a build without. */
async function firstLie(projects: readonly Project[], isShared: boolean): Promise<string | undefined> {
  const [warm, cold] = [join(space.folder, 'warm'), join(space.folder, 'cold')];
  const shared = join(space.folder, 'shared');
  const flags = isShared
    ? ['--cache-from', `type=local,src=${shared}`, '--cache-to', `type=local,dest=${shared}`]
    : [];
  rmSync(shared, {recursive: true, force: true});
  const fresh = (root: string): void => {
    rmSync(root, {recursive: true, force: true});
    // With the times of symlinks and directories, which cpSync does not keep.
    execFileSync('cp', ['-a', pristine, root]);
  };
  fresh(warm);
  for (const [index, project] of projects.entries()) {
    if (isShared) fresh(warm);
    if (!isShared && index > 0) {
      const [told, built] = await said(project, warm);
      if (told !== built) return `told: ${told}\nbuilt: ${built}`;
    }
    const cached = await build(project, warm, flags);
    // The second one finds all as it was, and leaves a note.
    for (let turn = 0; turn < 2 && !isShared; turn++)
      await space.run(['build', ...callOf(project)], {root: warm});
    if (index === 0) continue;
    fresh(cold);
    const made = await build(project, cold, ['--no-cache']);
    if (made.image === cached.image) continue;
    return `with cache:\n${cached.image}\n${cached.log}\nwithout:\n${made.image}\n${made.log}`;
  }
  return undefined;
}

/** Takes lines away from all projects while the lie stays. */
async function smaller(projects: readonly Project[], isShared: boolean): Promise<readonly Project[]> {
  let least = projects;
  for (let stage = 0; stage < (projects[0]?.stages.length ?? 0); stage++) {
    for (let line = 8; line > 0; line--) {
      const without = least.map((project) => ({
        ...project,
        stages: project.stages.map((lines, at) =>
          at === stage ? lines.filter((_, n) => n !== line) : lines,
        ),
      }));
      if (JSON.stringify(without) === JSON.stringify(least)) continue;
      if ((await firstLie(without, isShared)) !== undefined) least = without;
    }
  }
  return least;
}

it(
  `images of ${rounds} random projects are those of builds without cache, after each of ${editsPerRound} edits`,
  async () => {
    for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
      const random = new Random(seed);
      const projects = [randomProject(random)];
      const edits: string[] = [];
      for (let count = 0; count < editsPerRound; count++) {
        const {project, what} = randomEdit(random, projects.at(-1) as Project);
        projects.push(project);
        edits.push(what);
      }
      const isShared = seed % 2 === 0;
      const lie = await firstLie(projects, isShared);
      if (lie === undefined) continue;
      const least = await smaller(projects, isShared);
      const texts = least.map((project) => `${dockerfileOf(project)}${JSON.stringify(project)}`);
      expect.fail(
        [`SEED=${seed}`, ...edits, ...texts, (await firstLie(least, isShared)) ?? lie].join('\n\n'),
      );
    }
  },
  isSoak ? 24 * 3_600_000 : 600_000,
);
