// Directories in which layers are made: `fs` becomes the layer, `work` is overlayfs's own. What nobody needs any more
// is removed together at the end, since a request for each step would cost more than the step; and what a step left as
// it got it, as most steps do that change nothing, the next one gets.

import {mkdirSync, renameSync, statSync, utimesSync} from 'node:fs';
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

export class Workplaces {
  readonly #state: Pick<StateDirectory, 'root' | 'makeWork'>;
  readonly #helper: () => Promise<Helper>;
  readonly #leftovers: string[] = [];
  /** With `fs` as `make` makes it, and without `work`. */
  readonly #unused: string[] = [];

  constructor(state: Pick<StateDirectory, 'root' | 'makeWork'>, helper: () => Promise<Helper>) {
    this.#state = state;
    this.#helper = helper;
  }

  /** `/` of the new layer gets the time that steps see: not that of the clock, or no two layers were equal. */
  async make(epochSeconds: number): Promise<Workplace> {
    const unused = this.#unused.pop();
    const directory = unused ?? (await this.#state.makeWork());
    const [upper, work] = [join(directory, 'fs'), join(directory, 'work')];
    // Not by way of Node's threads: a step would wait longer for them than for the calls.
    if (unused === undefined) mkdirSync(upper, {mode: upperMode});
    mkdirSync(work, {mode: 0o700});
    utimesSync(upper, epochSeconds, epochSeconds);
    return {directory, upper, work};
  }

  discard(directory: string): void {
    this.#leftovers.push(directory);
  }

  /** The same, of which is known that nothing was written to `upper`. */
  discardUnused({directory, upper, work}: Workplace): void {
    const {mode, uid, gid} = statSync(upper);
    // On a root of another kind it was made like that one.
    if ((mode & 0o7777) !== upperMode || uid !== process.geteuid?.() || gid !== process.getegid?.()) {
      this.discard(directory);
      return;
    }
    // Overlayfs does not take one that it had before.
    const aside = workPath(this.#state.root);
    renameSync(work, aside);
    this.#leftovers.push(aside);
    this.#unused.push(directory);
  }

  async cleanUp(): Promise<void> {
    const paths = [...this.#leftovers.splice(0), ...this.#unused.splice(0)];
    if (paths.length === 0) return;
    const helper = await this.#helper();
    await helper.request(
      'remove',
      paths.map((path) => `path=${path}`),
    );
  }
}
