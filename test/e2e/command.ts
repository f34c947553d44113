// The built command as a test sees it: a workspace with a state directory and a context of its own, runs with their
// output, and the question whether anything of a run is left on the machine.
//
// Every run carries a mark in its environment, so that its processes are found whatever they are called; steps put the
// same mark into their command lines.

import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {chmod, copyFile, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {type BaseRegistry, ensureRegistry} from '../../fixtures/base-images.mjs';

export const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const tsbuildPath = join(repository, 'bin', 'tsbuild');
export const exampleContext = join(repository, 'fixtures', 'builds', 'example', 'context');

export interface Run {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  readonly root?: string;
  readonly config?: string;
  /** Words before the command: `setpriv --reuid=1000 …`. */
  readonly wrapper?: readonly string[];
  /** Another copy of the command. */
  readonly program?: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly done: Promise<Run>;
  /** Everything it has said on stderr so far. */
  readonly said: () => string;
  /** Waits until stderr matches. */
  until(pattern: RegExp): Promise<void>;
}

export class Workspace {
  readonly folder: string;
  readonly root: string;
  readonly mark: string;
  readonly registry: BaseRegistry | undefined;
  readonly config: string | undefined;
  #contexts = 0;

  constructor(folder: string, config: string | undefined, registry: BaseRegistry | undefined) {
    this.folder = folder;
    this.registry = registry;
    this.root = join(folder, 'state');
    this.mark = `tsbuild-e2e-${randomBytes(6).toString('hex')}`;
    this.config = config;
  }

  /** A directory with these files; a name that ends in `/` is an empty directory. */
  async context(files: Readonly<Record<string, string>>): Promise<string> {
    const folder = join(this.folder, `context-${++this.#contexts}`);
    await mkdir(folder);
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await mkdir(name.endsWith('/') ? path : dirname(path), {recursive: true});
      if (!name.endsWith('/')) await writeFile(path, text);
    }
    return folder;
  }

  /** Starts `tsbuild COMMAND …` in a process group of its own; COMMAND may be of two words: 'history ls'. */
  start(args: readonly string[], options: RunOptions = {}): Running {
    const [command = '', ...rest] = args;
    const config = options.config ?? this.config;
    const given = [
      '--root',
      options.root ?? this.root,
      ...(config === undefined ? [] : ['--config', config]),
    ];
    const called = [options.program ?? tsbuildPath, ...command.split(' '), ...given, ...rest];
    const words = [...(options.wrapper ?? []), ...called];
    const env = {...process.env, NO_COLOR: '1', ...options.env, TSBUILD_E2E_MARK: this.mark};
    const child = spawn(words[0] ?? '', words.slice(1), {
      cwd: options.cwd ?? this.folder,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    const done = new Promise<Run>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({code, signal, stdout: Buffer.concat(stdout), stderr}));
    });
    return {
      child,
      done,
      said: () => stderr,
      until: async (pattern) => {
        for (let waited = 0; !pattern.test(stderr); waited += 20) {
          if (child.exitCode !== null || waited > 120_000)
            throw new Error(`never said ${pattern}:\n${stderr}`);
          await sleep(20);
        }
      },
    };
  }

  run(args: readonly string[], options?: RunOptions): Promise<Run> {
    return this.start(args, options).done;
  }

  /** A build with plain progress that has to succeed. */
  async build(args: readonly string[], options?: RunOptions): Promise<Run & {readonly steps: Steps}> {
    const run = await this.run(['build', '--progress', 'plain', ...args], options);
    if (run.code !== 0) throw new Error(`build ended with ${run.code ?? run.signal}:\n${run.stderr}`);
    return {...run, steps: stepsOf(run.stderr)};
  }

  /** What is left of this workspace's runs: processes, mounts. Waits a moment for the dying. */
  async leftovers(): Promise<string[]> {
    let found: string[] = [];
    for (let attempt = 0; attempt < 600; attempt++) {
      found = [...processesWith(this.mark), ...mountsBelow(this.folder)];
      if (found.length === 0) return [];
      await sleep(50);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const line of processesWith(this.mark)) process.kill(Number.parseInt(line, 10), 'SIGKILL');
    await this.registry?.stop();
    // Steps make files of any mode; as an ordinary user the state may hold ids that are not ours.
    await chmod(this.folder, 0o755);
    await rm(this.folder, {recursive: true, force: true}).catch(() => spawnSync('rm', ['-rf', this.folder]));
  }
}

/** On a registry with the base images, which is stopped with the workspace. */
export async function workspaceWithBases(
  wanted: Parameters<typeof ensureRegistry>[0] = {},
): Promise<Workspace> {
  assertBuilt();
  const registry = await ensureRegistry(wanted);
  return workspace(registry.config, registry);
}

export async function workspace(config?: string, registry?: BaseRegistry): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'tsbuild-e2e-'));
  await chmod(folder, 0o755);
  if (config === undefined) return new Workspace(folder, undefined, registry);
  // Where every user can read it.
  const own = join(folder, 'tsbuild.toml');
  await copyFile(config, own);
  return new Workspace(folder, own, registry);
}

function processesWith(mark: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) =>
      [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`].some((file) => readSafely(file).includes(mark)),
    )
    .filter((pid) => !/^State:\s*Z/m.test(readSafely(`/proc/${pid}/status`)))
    .map((pid) => `${pid} ${readSafely(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()}`);
}

function mountsBelow(folder: string): string[] {
  return readSafely('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(folder));
}

/** A process may end while it is looked at. */
function readSafely(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

// ---- plain progress

export type Outcome = 'cached' | 'done' | 'error' | 'canceled';

/** Outcome by name of each step of the Dockerfile; `[internal] …` and exports are left out. */
export type Steps = ReadonlyMap<string, Outcome>;

export function stepsOf(plain: string): Steps {
  const names = new Map<string, string>();
  const steps = new Map<string, Outcome>();
  for (const line of plain.split('\n')) {
    const match = /^#(\d+) (.*)$/.exec(line);
    const [number = '', text = ''] = match === null ? [] : match.slice(1);
    if (/^\[(?!(?:\S+ )?internal\])/.test(text) && !names.has(number)) names.set(number, text);
    const name = names.get(number);
    const outcome = /^(CACHED|DONE|ERROR|CANCELED)\b/.exec(text)?.[1]?.toLowerCase();
    if (name !== undefined && outcome !== undefined) steps.set(name, outcome as Outcome);
  }
  return steps;
}

/** Names of the steps with this outcome that are no FROM. */
export function namesOf(steps: Steps, outcome: Outcome): string[] {
  return [...steps]
    .filter(([name, value]) => value === outcome && !/\] FROM /.test(name))
    .map(([name]) => name);
}

/** The built command is there: `npm test` builds it first. */
export function assertBuilt(): void {
  if (!existsSync(tsbuildPath)) throw new Error(`${tsbuildPath} is missing; run: npm run build`);
}
