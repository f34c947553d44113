// What `du` and `prune` do: measure, decide, remove.

import {statfsSync} from 'node:fs';
import {join} from 'node:path';
import type {GcConfig} from '../config/read-gc.ts';
import type {Helper} from '../helper/helper.ts';
import {collecting, type LiveLeases, liveLeases} from '../store/leases.ts';
import {Notes} from '../store/notes.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import type {Clock} from '../util/clock.ts';
import {diskUse, layerUse} from './disk-use.ts';
import {inventory, type Measured, namesIn} from './inventory.ts';
import type {Item} from './item.ts';
import {policiesOf} from './policies.ts';
import {takeAway} from './removal.ts';
import {type Choice, choose, type Policy} from './selection.ts';

export interface SpaceOptions {
  readonly state: StateDirectory;
  readonly helper: () => Promise<Helper>;
  readonly clock: Clock;
}

const removedAtOnce = 200;

export class Space {
  readonly #options: SpaceOptions;
  readonly #notes: Notes;

  constructor(options: SpaceOptions) {
    this.#options = options;
    this.#notes = new Notes(options.state.database);
  }

  async items(): Promise<readonly Item[]> {
    const {state} = this.#options;
    return inventory(state, liveLeases(state.root), await this.#measure());
  }

  /** What `prune` would do. */
  async plan(policy: Policy): Promise<readonly Choice[]> {
    return choose(await this.items(), policy, this.#situation());
  }

  /** Does it; gives the verdict on every item, and those that went are gone. */
  async prune(policy: Policy, signal: AbortSignal): Promise<readonly Choice[]> {
    const {state} = this.#options;
    const measured = await this.#measure();
    const situation = this.#situation();
    const work = (leases: LiveLeases): {choices: readonly Choice[]; away: string[]} => {
      const choices = choose(inventory(state, leases, measured), policy, situation);
      const going = choices.filter(({goes}) => goes).map(({item}) => item);
      return {choices, away: going.length === 0 ? [] : takeAway(going, state, leases)};
    };
    const {choices, away} = await collecting(state.root, state.locks, signal, work);
    const gone: Choice[] = [];
    for (const choice of choices) {
      const {item, goes} = choice;
      const isMount = goes && item.removal.kind === 'cache-mount';
      const path = isMount ? await state.cacheMounts.forgetUnused(item.removal.folder, signal) : undefined;
      if (path !== undefined) away.push(path);
      const isKept = isMount && path === undefined;
      gone.push(isKept ? {item, goes: false, reason: 'it was taken meanwhile'} : choice);
    }
    await this.#remove(away, signal);
    return gone;
  }

  /** Everything that the configuration asks for; gives what went by each policy. */
  async collect(gc: GcConfig, signal: AbortSignal): Promise<readonly Choice[]> {
    const gone: Choice[] = [];
    for (const policy of policiesOf(gc, this.diskBytes()))
      gone.push(...(await this.prune(policy, signal)).filter(({goes}) => goes));
    return gone;
  }

  /** Size of the file system. */
  diskBytes(): number {
    const {blocks, bsize} = statfsSync(this.#options.state.root);
    return blocks * bsize;
  }

  /** Gives pages that hold nothing any more back to the disk. */
  compact(): void {
    this.#options.state.database.compact();
  }

  async #remove(paths: readonly string[], signal: AbortSignal): Promise<void> {
    if (paths.length === 0) return;
    const helper = await this.#options.helper();
    for (let start = 0; start < paths.length; start += removedAtOnce) {
      const some = paths.slice(start, start + removedAtOnce).map((path) => `path=${path}`);
      await helper.request('remove', some, {signal});
    }
  }

  async #measure(): Promise<Measured> {
    const {state} = this.#options;
    const layers = new Map<string, number>();
    for (const layer of namesIn(join(state.root, 'layers')))
      layers.set(layer, await layerUse(layer, state.layerPath(layer), this.#notes));
    const others = new Map<string, number>();
    for (const folder of ['cache-mounts', 'failed', 'history']) {
      for (const name of namesIn(join(state.root, folder))) {
        const path = join(folder, name);
        others.set(path, await diskUse(join(state.root, path)));
      }
    }
    for (const path of state.staleWork()) {
      others.set(path.slice(state.root.length + 1), await diskUse(path));
    }
    return {layers, others};
  }

  #situation(): {nowMs: number; freeBytes: number} {
    const {bavail, bsize} = statfsSync(this.#options.state.root);
    return {nowMs: this.#options.clock.nowMs(), freeBytes: bavail * bsize};
  }
}
