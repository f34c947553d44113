// Where random projects are built: a context on disk that is changed where a project differs from what lies there, and
// state directories in memory where the machine has room for them. Builds run in this process, so that a round costs
// what its steps cost, with real sandboxes and real stores.

import {execFile} from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {promisify} from 'node:util';
import {build as buildInProcess} from '../../../src/build/build.ts';
import {runCli} from '../../../src/cli/run.ts';
import {memoryIo} from '../../cli/memory-io.ts';
import {readLayout} from '../image.ts';
import {type Disturbance, dockerfileOf, type Entry, type Project} from './random-project.ts';

const fileSeconds = 1_600_000_000;
const roomBytes = 4 * 2 ** 30;

/** A new folder, in memory where that is large enough. */
export function quickFolder(): string {
  let parent = tmpdir();
  try {
    accessSync('/dev/shm', constants.W_OK);
    const {bavail, bsize} = statfsSync('/dev/shm');
    if (bavail * bsize >= roomBytes) parent = '/dev/shm';
  } catch {
    // Not every machine has it.
  }
  const folder = mkdtempSync(join(parent, 'tsbuild-soundness-'));
  chmodSync(folder, 0o755);
  return folder;
}

export interface Built {
  /** What is compared, as text. */
  readonly image: string;
  readonly log: string;
}

export class Machine {
  readonly folder: string;
  readonly #config: string;
  /** As it lies there; undefined: nobody knows. */
  #laid = new Map<string, string>();
  #builds = 0;

  constructor(folder: string, config: string) {
    this.folder = folder;
    this.#config = config;
    mkdirSync(this.context, {recursive: true});
  }

  get context(): string {
    return join(this.folder, 'context');
  }

  root(name: string): string {
    return join(this.folder, name);
  }

  /** A state directory as another one is, with the times of symlinks and directories, which cpSync does not keep. */
  async copyRoot(from: string, name: string): Promise<string> {
    const root = this.root(name);
    rmSync(root, {recursive: true, force: true});
    await promisify(execFile)('cp', ['-a', from, root]);
    return root;
  }

  /** What is as it should be stays untouched, and everything has the same time. */
  layOut(project: Project, disturbance?: Disturbance): void {
    const wanted = new Map<string, Entry>(Object.entries(project.files));
    wanted.set('.dockerignore', {text: `${project.ignored.join('\n')}\n`});
    wanted.set('Dockerfile', {text: dockerfileOf(project)});
    const told = (entry: Entry): string => JSON.stringify([entry, disturbance]);
    for (const [name, before] of this.#laid) {
      const entry = wanted.get(name);
      if (entry !== undefined && told(entry) === before) continue;
      rmSync(join(this.context, name));
      this.#laid.delete(name);
    }
    const isTouched = disturbance === 'touched';
    const seconds = isTouched ? fileSeconds + 5000 : fileSeconds;
    for (const [name, entry] of wanted) {
      if (this.#laid.has(name)) continue;
      this.#lay(name, entry, seconds);
      if (disturbance === 'linked') this.#link(name);
      this.#laid.set(name, told(entry));
    }
    const folders = new Set([...wanted.keys()].flatMap(foldersOf));
    for (const folder of folders) lutimesSync(join(this.context, folder), seconds, seconds);
  }

  #lay(name: string, entry: Entry, seconds: number): void {
    const path = join(this.context, name);
    mkdirSync(dirname(path), {recursive: true});
    if ('link' in entry) symlinkSync(entry.link, path);
    else {
      writeFileSync(path, entry.text, 'latin1');
      chmodSync(path, entry.mode ?? 0o644);
    }
    lutimesSync(path, seconds, seconds);
  }

  #link(name: string): void {
    const other = join(this.folder, 'others', name);
    mkdirSync(dirname(other), {recursive: true});
    rmSync(other, {force: true});
    linkSync(join(this.context, name), other);
  }

  /** Of what lies in the context. */
  async build(project: Project, root: string, flags: readonly string[]): Promise<Built> {
    const out = join(this.folder, 'out');
    rmSync(out, {recursive: true, force: true});
    const env = {
      ...process.env,
      ...(project.epoch === undefined ? {} : {SOURCE_DATE_EPOCH: String(project.epoch)}),
    };
    const output = ['-o', `type=oci,dest=${out},tar=false`];
    const args = [
      '--progress',
      'plain',
      ...flags,
      ...argumentsOf(project, this.context),
      ...output,
      this.context,
    ];
    const {code, log} = await this.call('build', root, args, env);
    if (code !== 0) return {image: `exit code ${code}`, log};
    return {image: imageIn(out, this.#builds++ % 20 === 0), log};
  }

  async call(
    command: string,
    root: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<{readonly code: number; readonly out: string; readonly log: string}> {
    const io = memoryIo({env, cwd: this.folder});
    const own = ['--root', root, '--config', this.#config];
    const code = await runCli(
      [command, ...own, ...args],
      io,
      new AbortController().signal,
      // What collects behind a build is another process.
      (request, {onCollectionDue: _, ...options}, signal) => buildInProcess(request, options, signal),
    );
    return {code, out: io.out(), log: io.err()};
  }
}

export function argumentsOf({buildArgs, flags = []}: Project, context: string): readonly string[] {
  const named = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  return [...named, ...flags.map((flag) => flag.replace('CONTEXT', context))];
}

/** Every folder on the way, the context itself included. */
function foldersOf(name: string): string[] {
  const parent = dirname(name);
  return parent === '.' ? ['.'] : [parent, ...foldersOf(parent)];
}

/** When it was made is all that may differ. */
function imageIn(layout: string, isThorough: boolean): string {
  if (isThorough) readLayout(layout);
  const blob = (digest: string): unknown =>
    JSON.parse(readFileSync(join(layout, 'blobs', ...digest.split(':')), 'utf8'));
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
    readonly manifests: readonly {readonly digest: string}[];
  };
  const manifest = blob(index.manifests[0]?.digest ?? '') as {
    readonly config: {readonly digest: string};
    readonly layers: readonly object[];
  };
  const {
    created: _,
    history,
    ...rest
  } = blob(manifest.config.digest) as {
    readonly created?: string;
    readonly history: readonly {readonly created_by?: string; readonly empty_layer?: boolean}[];
  };
  const steps = history.map(({created_by, empty_layer}) => ({created_by, empty_layer}));
  return JSON.stringify({...rest, steps, layers: manifest.layers}, null, 1);
}
