// What `du` and `prune` do, and a build that comes to the cap: measure, decide, remove.

import {join} from 'node:path';
import type {GcConfig} from '../config/read-gc.ts';
import type {Helper} from '../helper/helper.ts';
import {isDiskFull} from '../store/disk-full.ts';
import {collecting, type LiveLeases, liveLeases} from '../store/leases.ts';
import {Notes} from '../store/notes.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import type {Clock} from '../util/clock.ts';
import {diskUse, layerUse} from './disk-use.ts';
import {parseFilters} from './filter.ts';
import {type Holder, holdersOf} from './holders.ts';
import {inventory, type Measured, namesIn} from './inventory.ts';
import type {Item} from './item.ts';
import {policiesOf} from './policies.ts';
import {takeAway} from './removal.ts';
import {type Choice, choose, chooseInTurn, type Policy, totalBytes} from './selection.ts';
import {diskState, type SpaceMemory, spaceMemoryIn} from './space-memory.ts';

export interface SpaceOptions {
  readonly state: StateDirectory;
  readonly helper: () => Promise<Helper>;
  readonly clock: Clock;
}

const removedAtOnce = 200;
/** What is made room for at the cap is a little more than needed, or the next step would come to it at once. */
const roomAtCap = 0.9;
const collectionLock = 'automatic collection';

export class Space {
  readonly #options: SpaceOptions;
  readonly #notes: Notes;
  readonly #memory: SpaceMemory;

  constructor(options: SpaceOptions) {
    this.#options = options;
    this.#notes = new Notes(options.state.database);
    this.#memory = spaceMemoryIn(this.#notes);
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
    return this.#prune(policy, await this.#measure(), signal);
  }

  /** What `collect` would do. */
  async planCollection(gc: GcConfig): Promise<readonly Choice[]> {
    return chooseInTurn(await this.items(), policiesOf(gc, this.diskBytes()), this.#situation());
  }

  /** Everything that the configuration asks for; gives what went. Nothing, while somebody else is at it. */
  async collect(gc: GcConfig, signal: AbortSignal): Promise<readonly Choice[]> {
    const {state} = this.#options;
    const lock = await state.locks.tryLock(collectionLock);
    if (lock === undefined) return [];
    try {
      const beganMs = this.#options.clock.nowMs();
      const measured = await this.#measure();
      const tookMs = this.#options.clock.nowMs() - beganMs;
      const gone: Choice[] = [];
      for (const policy of policiesOf(gc, this.diskBytes()))
        gone.push(...(await this.#prune(policy, measured, signal)).filter(({goes}) => goes));
      this.#remember(await this.items(), {makingBytes: await this.#makingBytes(), tookMs});
      return gone;
    } finally {
      lock.release();
    }
  }

  /** Removes what was unused longest until the cap holds; gives what holds the space when that is not enough. */
  async holdCap(capBytes: number, signal: AbortSignal): Promise<readonly Holder[] | undefined> {
    const {state, clock} = this.#options;
    const beganMs = clock.nowMs();
    const measured = await this.#measure();
    const makingBytes = await this.#makingBytes();
    const besides = {makingBytes, tookMs: clock.nowMs() - beganMs};
    const items = inventory(state, liveLeases(state.root), measured);
    if (this.#remember(items, besides) <= capBytes) return undefined;
    const maxUsedBytes = Math.max(1, capBytes * roomAtCap - makingBytes);
    const policy = {all: true, filter: parseFilters([]), maxUsedBytes};
    const choices = await this.#prune(policy, measured, signal);
    const left = choices.filter(({goes}) => !goes).map(({item}) => item);
    return this.#remember(left, besides) <= capBytes ? undefined : holdersOf(left, makingBytes);
  }

  /** Size of the file system. */
  diskBytes(): number {
    return diskState(this.#options.state.root).totalBytes;
  }

  /** Gives pages that hold nothing any more back to the disk. */
  compact(): void {
    this.#options.state.database.compact();
  }

  async #prune(policy: Policy, measured: Measured, signal: AbortSignal): Promise<readonly Choice[]> {
    const {state} = this.#options;
    const situation = this.#situation();
    const away: string[] = [];
    const work = (leases: LiveLeases): readonly Choice[] => {
      const choices = choose(inventory(state, leases, measured), policy, situation);
      const going = choices.filter(({goes}) => goes).map(({item}) => item);
      if (going.length > 0) takeAway(going, state, leases, away);
      return choices;
    };
    const choices = await collecting(state.root, state.locks, signal, work).catch(async (error: unknown) => {
      if (!isDiskFull(error) || away.length === 0) throw error;
      // Rows need space to go, too: what was displaced makes it.
      await this.#remove(away.splice(0), signal);
      return collecting(state.root, state.locks, signal, work);
    });
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
      layers.set(layer, await layerUse(layer, join(state.root, 'layers', layer), this.#notes));
    const others = new Map<string, number>();
    for (const folder of ['cache-mounts', 'failed', 'history', 'unchanged']) {
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

  /** What live processes have in the making, and the database. */
  async #makingBytes(): Promise<number> {
    const {state} = this.#options;
    const work = join(state.root, 'work');
    const stale = new Set(state.staleWork());
    const databases = ['state.db', 'state.db-wal'].map((name) => join(state.root, name));
    const made = [...namesIn(work).map((name) => join(work, name)), ...databases];
    const sizes = await Promise.all(made.map((path) => (stale.has(path) ? 0 : diskUse(path))));
    return sizes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Gives what all of it takes, which the next build can begin with. */
  #remember(
    items: readonly Item[],
    besides: {readonly makingBytes: number; readonly tookMs: number},
  ): number {
    const usedBytes = totalBytes(items) + besides.makingBytes;
    const {freeBytes} = diskState(this.#options.state.root);
    this.#memory.set({atMs: this.#options.clock.nowMs(), usedBytes, freeBytes, tookMs: besides.tookMs});
    return usedBytes;
  }

  #situation(): {nowMs: number; freeBytes: number} {
    const {freeBytes} = diskState(this.#options.state.root);
    return {nowMs: this.#options.clock.nowMs(), freeBytes};
  }
}
