// What a live process uses, so that nobody removes it (docs/adr/0013). A process has one file, named after it, and
// appends a line for what it is going to look at, before it looks: a few microseconds for each thing, once. Whoever
// wants to remove something first shows a flag, then reads the leases. So either the remover sees the lease, or the
// process sees the flag and waits until what is to go is gone; what it finds after that stays. The leases of a process
// lapse with it, however it ends.

import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {systemClock} from '../util/clock.ts';
import {diskFull} from './disk-full.ts';
import type {LockSpace} from './lock.ts';
import {namesIn} from './names-in.ts';
import {isAlive, isEnding, ownProcess} from './process-start.ts';

export type LeaseKind = 'snapshot' | 'blob';

/** Everything that some live process uses. */
export interface LiveLeases {
  readonly snapshots: ReadonlySet<string>;
  readonly blobs: ReadonlySet<string>;
}

const flagName = 'collecting';
const letters: Readonly<Record<LeaseKind, string>> = {snapshot: 's', blob: 'b'};
const pollMs = 5;
/** A process of another pid namespace cannot be asked whether it lives; one that has been quiet for so long does not. */
const foreignIdleMs = 24 * 60 * 60_000;

export class Leases {
  static readonly #byRoot = new Map<string, Leases>();
  readonly #directory: string;
  readonly #flag: string;
  readonly #held = new Set<string>();
  #file: number | undefined;
  #users = 0;
  #waiting: Promise<void> | undefined;

  /** The leases of this process in the state directory `root`. */
  static of(root: string): Leases {
    let leases = Leases.#byRoot.get(root);
    if (leases === undefined) {
      leases = new Leases(root);
      Leases.#byRoot.set(root, leases);
    }
    return leases;
  }

  private constructor(root: string) {
    this.#directory = directoryOf(root);
    this.#flag = join(this.#directory, flagName);
  }

  /** From when this resolves until the process ends, what is found under `name`, or made after it, stays. */
  async hold(kind: LeaseKind, name: string): Promise<void> {
    // With an end before it, too: of a line that a full disk took the beginning of nothing is read.
    const line = `\n${letters[kind]} ${name}\n`;
    if (!this.#held.has(line)) {
      this.#file ??= this.#open();
      // A full disk may take the beginning only.
      if (writeSync(this.#file, line) < line.length) throw diskFull();
      this.#held.add(line);
      if (isThere(this.#flag)) this.#waiting ??= this.#flagGone();
    }
    await this.#waiting;
  }

  /** One more part of this process uses the state directory. */
  begin(): void {
    this.#users++;
  }

  /** One part less: after the last one, this process uses nothing any more. */
  end(): void {
    this.#users--;
    if (this.#users > 0 || this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    this.#held.clear();
    const own = join(this.#directory, processName());
    // rmSync would load a module of Node's at the end of each build.
    if (existsSync(own)) unlinkSync(own);
  }

  async #flagGone(): Promise<void> {
    while (isAlive(ownerOf(this.#flag))) await new Promise((resolve) => setTimeout(resolve, pollMs));
    this.#waiting = undefined;
  }

  #open(): number {
    mkdirSync(this.#directory, {recursive: true, mode: 0o700});
    return openSync(join(this.#directory, processName()), 'a', 0o600);
  }
}

/**
 * Runs `work` while nobody begins to use anything; it gets what is in use already. Short, since whoever looks for
 * something new waits for its end.
 */
export async function collecting<T>(
  root: string,
  locks: LockSpace,
  signal: AbortSignal,
  work: (leases: LiveLeases) => T,
): Promise<T> {
  return locks.withLock('collecting', signal, async () => {
    mkdirSync(directoryOf(root), {recursive: true, mode: 0o700});
    const flag = join(directoryOf(root), flagName);
    // One that is there is of a process that was killed: whoever lives has the lock.
    rmSync(flag, {force: true});
    symlinkSync(ownProcess(), flag);
    try {
      return work(liveLeases(root));
    } finally {
      rmSync(flag, {force: true});
    }
  });
}

/** What is in use at this moment; files of processes that have ended are removed. */
export function liveLeases(root: string): LiveLeases {
  const snapshots = new Set<string>();
  const blobs = new Set<string>();
  for (const name of namesIn(directoryOf(root))) {
    if (name === flagName) continue;
    const path = join(directoryOf(root), name);
    if (!mayLive(name, path)) {
      rmSync(path, {force: true});
      continue;
    }
    for (const line of readSafely(path).split('\n')) {
      if (line.startsWith('s ')) snapshots.add(line.slice(2));
      else if (line.startsWith('b ')) blobs.add(line.slice(2));
    }
  }
  return {snapshots, blobs};
}

/** Files of processes that have ended. */
export function staleLeases(root: string): readonly string[] {
  return namesIn(directoryOf(root))
    .map((name) => join(directoryOf(root), name))
    .filter((path) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      return name === flagName ? !isAlive(ownerOf(path)) : !mayLive(name, path);
    });
}

/** The flag stays for whoever has the lock: another process may have set it meanwhile. */
export function removeStaleLeases(root: string): void {
  for (const path of staleLeases(root)) if (!path.endsWith(`/${flagName}`)) rmSync(path, {force: true});
}

/** Whether the process `name` (`processName`) lives; one of another pid namespace, by when `path` was written to. */
export function mayLive(name: string, path: string): boolean {
  const [, , namespace = ''] = name.split('.');
  if (namespace === pidNamespace()) return isAlive(name);
  const writtenMs = statSync(path, {throwIfNoEntry: false})?.mtimeMs ?? 0;
  return systemClock.nowMs() - writtenMs < foreignIdleMs;
}

/** Whether the process `name` is about to be gone; none of another pid namespace can be seen to be. */
export function isEndingHere(name: string): boolean {
  return name.split('.')[2] === pidNamespace() && isEnding(name);
}

/** This process, as others that share the state directory know it: `<pid>.<start>.<pid namespace>`. */
export function processName(): string {
  return `${ownProcess()}.${pidNamespace()}`;
}

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}

/**
 * The flag is a symbolic link to the name of its owner: it is there with its owner or not at all, whenever a process is
 * killed, and takes no space where there is none. Empty: nobody's.
 */
function ownerOf(flag: string): string {
  try {
    return readlinkSync(flag);
  } catch {
    return '';
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, {throwIfNoEntry: false}) !== undefined;
}

function directoryOf(root: string): string {
  return join(root, 'leases');
}

function readSafely(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
