// podman as the tests use it: storage of its own in the workspace, and the flags that make a container run here.
// Machines differ in what they let root do (cgroups, overlay mounts, limits), and podman's defaults do not ask; so the
// ways are tried in order with the image itself, and a machine where none works skips the test and tells what podman
// said last. runc comes first, since every way that fails costs seconds.

import {type SpawnSyncReturns, spawnSync} from 'node:child_process';
import {join} from 'node:path';
import type {Workspace} from './command.ts';
import {needCommand, needRoot, skip} from './requirements.ts';

interface Skippable {
  skip(note?: string): never;
}

const runtimes: readonly {readonly global: readonly string[]; readonly run: readonly string[]}[] = [
  // crun knows no mixture of cgroup v1 and v2.
  {global: ['--runtime', 'runc'], run: []},
  {global: [], run: []},
  {global: [], run: ['--cgroups=disabled']},
];

export class Podman {
  readonly #program: string;
  readonly #storage: readonly string[];
  readonly #root: string;
  #runtime: (typeof runtimes)[number] = {global: [], run: []};

  private constructor(program: string, space: Workspace, driver: string) {
    this.#program = program;
    this.#root = join(space.folder, `podman-${driver}`);
    const places = ['--root', this.#root, '--runroot', join(space.folder, `podman-${driver}-run`)];
    const manners = ['--storage-driver', driver, '--cgroup-manager', 'cgroupfs', '--events-backend', 'none'];
    this.#storage = [...places, ...manners];
  }

  /** A podman that has loaded the archive and can run the image; `works` is a command of the image. */
  static holding(test: Skippable, space: Workspace, archive: string, image: string, works: string): Podman {
    needRoot(test);
    const program = needCommand(test, 'podman');
    needCommand(test, 'runc');
    let said = '';
    for (const driver of ['overlay', 'vfs']) {
      const podman = new Podman(program, space, driver);
      const loaded = podman.#call(['load', '-q', '-i', archive]);
      said = loaded.stderr;
      for (const runtime of loaded.status === 0 ? runtimes : []) {
        podman.#runtime = runtime;
        const run = podman.#call(podman.#runWords(['--rm', '--entrypoint', works, image]));
        if (run.status === 0) return podman;
        said = run.stderr;
      }
      podman.close();
    }
    skip(test, `podman runs no container here: ${said.trim().split('\n').at(-1)}`);
  }

  /** `podman WORDS`; fails with what it said unless it ends with 0. */
  call(...words: readonly string[]): string {
    const done = this.#call(words);
    if (done.status !== 0) throw new Error(`podman ${words.join(' ')}: ${done.stderr}`);
    return done.stdout;
  }

  /** How `podman WORDS` ends: its exit code, and what it said of it. */
  tell(...words: readonly string[]): string {
    const {status, stderr} = this.#call(words);
    return `${status} ${stderr}`;
  }

  /** `podman run WORDS`, without a network but loopback. */
  run(words: readonly string[], input = ''): SpawnSyncReturns<string> {
    return this.#call(this.#runWords(words), input);
  }

  /** Removes all containers; what it leaves mounted would keep the workspace, which has the images, from going. */
  close(): void {
    this.#call(['rm', '--all', '--force', '--time', '0']);
    spawnSync('umount', [join(this.#root, 'overlay')]);
  }

  #runWords(words: readonly string[]): string[] {
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=2048:2048'];
    return ['run', '--network', 'none', ...limits, ...this.#runtime.run, ...words];
  }

  #call(words: readonly string[], input = ''): SpawnSyncReturns<string> {
    const all = [...this.#storage, ...this.#runtime.global, ...words];
    return spawnSync(this.#program, all, {encoding: 'utf8', input, timeout: 120_000});
  }
}
