// Directories in which layers are made: `fs` becomes the layer, `work` is overlayfs's own. What nobody needs any more
// is removed several at a time and beside the steps, since a request for each would cost more than the step, and one
// for all at the end would be waited for; and what a step left as it got it, as most steps do that change nothing, a
// later one gets. From the second one on the next is made while one is in use: nobody waits then.

import {chmodSync, existsSync, mkdirSync, renameSync, statSync, utimesSync} from 'node:fs';
import {join} from 'node:path';
import type {Helper} from '../helper/helper.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import {workPath} from '../store/work-path.ts';

export interface Workplace {
  readonly directory: string;
  /** Where changes go; becomes the layer. */
  readonly upper: string;
  /** Overlayfs's own directory beside it. */
  readonly work: string;
}

const upperMode = 0o755;

/** So many directories make a request. */
const removedTogether = 16;

export class Workplaces {
  readonly #state: Pick<StateDirectory, 'root'>;
  readonly #helper: () => Promise<Helper>;
  readonly #leftovers: string[] = [];
  /** With `fs` and `work` as `make` makes them, for the time of the last one. */
  readonly #unused: {readonly directory: string; readonly epochSeconds: number}[] = [];
  /** Those that were in use, with `work` as overlayfs left it. */
  readonly #used: Workplace[] = [];
  /** For what overlayfs has left in directories that are used again. */
  #pile: string | undefined;
  /** In leftovers and pile. */
  #leftCount = 0;
  readonly #removing: Promise<unknown>[] = [];
  #count = 0;
  #isGettingReady = false;

  constructor(state: Pick<StateDirectory, 'root'>, helper: () => Promise<Helper>) {
    this.#state = state;
    this.#helper = helper;
  }

  /** `/` of the new layer gets the time that steps see: not that of the clock, or no two layers were equal. */
  async make(epochSeconds: number): Promise<Workplace> {
    const ready = this.#unused.pop();
    const directory = ready?.directory ?? this.#again() ?? this.#new();
    const [upper, work] = [`${directory}/fs`, `${directory}/work`];
    if (ready?.epochSeconds !== epochSeconds) utimesSync(upper, epochSeconds, epochSeconds);
    if (++this.#count > 1) this.#getReady(epochSeconds);
    return {directory, upper, work};
  }

  /** Not by way of Node's threads: a step would wait longer for them than for the calls. */
  #new(): string {
    const directory = workPath(this.#state.root);
    mkdirSync(directory, {mode: 0o700});
    mkdirSync(join(directory, 'fs'), {mode: upperMode});
    mkdirSync(join(directory, 'work'), {mode: 0o700});
    return directory;
  }

  /** One turn later, when the step is under way that got the last one. The next is likely to want the same time. */
  #getReady(epochSeconds: number): void {
    if (this.#isGettingReady) return;
    this.#isGettingReady = true;
    setImmediate(() => {
      this.#isGettingReady = false;
      if (this.#unused.length > 0) return;
      try {
        const directory = this.#again() ?? this.#new();
        utimesSync(join(directory, 'fs'), epochSeconds, epochSeconds);
        this.#unused.push({directory, epochSeconds});
      } catch {
        // Whoever needs one is told.
      }
    });
  }

  discard(directory: string): void {
    this.#leftovers.push(directory);
    this.#countLeft();
  }

  /** The same, of which is known that nothing was written to `upper`. */
  discardUnused(workplace: Workplace): void {
    this.#used.push(workplace);
  }

  /** Of one that becomes a layer: what overlayfs has left, five entries of the file system, would stay as long as that. */
  strip({work}: Pick<Workplace, 'work'>): void {
    const left = join(work, 'work');
    try {
      if (existsSync(left)) this.#putAside(left);
    } catch {
      // It does no harm there.
    }
  }

  /** One that was in use, made as new. */
  #again(): string | undefined {
    for (let last = this.#used.pop(); last !== undefined; last = this.#used.pop()) {
      const {directory, upper, work} = last;
      const {mode, uid, gid} = statSync(upper);
      // On a root of another kind it was made like that one.
      if ((mode & 0o7777) !== upperMode || uid !== process.geteuid?.() || gid !== process.getegid?.()) {
        this.discard(directory);
        continue;
      }
      this.#putAside(join(work, 'work'));
      return directory;
    }
    return undefined;
  }

  /** Overlayfs does not begin where it finds that it has been before and was not to sync. */
  #putAside(left: string): void {
    if (this.#pile === undefined) {
      const pile = workPath(this.#state.root);
      mkdirSync(pile, {mode: 0o700});
      this.#leftovers.push(pile);
      this.#pile = pile;
    }
    try {
      // A directory that nobody may write to moves for root only.
      if (process.geteuid?.() !== 0) chmodSync(left, 0o700);
      renameSync(left, join(this.#pile, String(this.#leftCount)));
      this.#countLeft();
    } catch (error) {
      // It was never mounted.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #countLeft(): void {
    if (++this.#leftCount >= removedTogether) this.#remove();
  }

  /** Nobody waits for it before `cleanUp`. */
  #remove(): void {
    const paths = this.#leftovers.splice(0);
    this.#pile = undefined;
    this.#leftCount = 0;
    if (paths.length === 0) return;
    const removed = this.#helper().then((helper) =>
      helper.request(
        'remove',
        paths.map((path) => `path=${path}`),
      ),
    );
    removed.catch(() => {});
    this.#removing.push(removed);
  }

  /** Begins to remove everything, when no more layers will be made for the time being. */
  tidy(): void {
    for (const {directory} of [...this.#unused.splice(0), ...this.#used.splice(0)])
      this.#leftovers.push(directory);
    this.#remove();
  }

  async cleanUp(): Promise<void> {
    this.tidy();
    await Promise.all(this.#removing.splice(0));
  }
}
