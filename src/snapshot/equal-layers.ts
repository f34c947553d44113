// Early cutoff (docs/adr/0016): whether a layer in the making is one that was made before, on the same parent. Nothing
// is hashed unless something was made there before; then first what files are called and how large they are, and what
// is in them only where that is equal. Two layers that are found equal cannot be told apart by a step.

import {existsSync} from 'node:fs';
import type {Helper} from '../helper/helper.ts';
import {Notes} from '../store/notes.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import {assert} from '../util/assert.ts';
import {isTrusted, type LayerId, LayerTable, type SnapshotId, type SnapshotRow} from './layer-table.ts';
import type {ActiveSnapshot, LayerFacts, Snapshotter} from './snapshotter.ts';

/** What a step gave further back is hardly what it gives now, and each costs a look. */
const candidatesMax = 8;

type Depth = 'metadata' | 'content';

export interface EqualLayersOptions {
  readonly state: StateDirectory;
  readonly snapshotter: Snapshotter;
  readonly helper: () => Promise<Helper>;
}

export class EqualLayers {
  readonly #options: EqualLayersOptions;
  readonly #table: LayerTable;
  readonly #notes: Notes;

  /** By `unchangedKey`, layers that are here and stay while this process lives. */
  readonly #unchanged = new Map<string, SnapshotId>();

  constructor(options: EqualLayersOptions) {
    this.#options = options;
    this.#table = LayerTable.of(options.state.database);
    this.#notes = new Notes(options.state.database);
  }

  /** Commits the layer, or throws it away when there is an equal one: then that, and the step is told. */
  async settle(
    active: ActiveSnapshot,
    facts: LayerFacts,
    step: {readonly signal: AbortSignal; unchanged(): void},
  ): Promise<SnapshotId> {
    const {snapshotter} = this.#options;
    const equal = await this.#find(active, facts, step.signal);
    if (equal === undefined) return snapshotter.commit(active, facts);
    if (facts.isUnchanged === true) snapshotter.discardUnused(active);
    else snapshotter.discard(active);
    step.unchanged();
    return equal;
  }

  /** What a step on `parent` gives if it changes nothing, and one did so before. */
  async unchangedOn(parent: SnapshotId | undefined, epochSeconds: number): Promise<SnapshotId | undefined> {
    const key = `${parent} ${epochSeconds}`;
    const known = this.#unchanged.get(key);
    if (known !== undefined) return known;
    const newest = this.#table.unchangedOn(parent, epochSeconds);
    if (newest === undefined) return undefined;
    const id = (await this.#isHere(newest.id))
      ? newest.id
      : await this.#olderOn(parent, epochSeconds, newest);
    if (id !== undefined) this.#unchanged.set(key, id);
    return id;
  }

  /** The newest one may be the one that was lost. */
  async #olderOn(
    parent: SnapshotId | undefined,
    epochSeconds: number,
    newest: SnapshotRow,
  ): Promise<SnapshotId | undefined> {
    for (const {id, layer} of this.#table.madeOn(parent, epochSeconds, candidatesMax)) {
      if (id !== newest.id && this.#table.isUnchanged(layer) && (await this.#isHere(id))) return id;
    }
    return undefined;
  }

  async #isHere(id: SnapshotId): Promise<boolean> {
    const {snapshotter} = this.#options;
    return (await snapshotter.isWhole(id)) && snapshotter.isUnpacked(id);
  }

  /**
   * What two top layers have in common when no step can tell them apart on one base, for those who have only one of
   * them. Undefined: it was not made here, or is not here any more.
   */
  async digestOf(id: SnapshotId, signal: AbortSignal): Promise<string | undefined> {
    const {snapshotter} = this.#options;
    const top = snapshotter.stackOf(id).at(-1);
    // A layer that was made on something else says something else.
    if (top === undefined || top.id !== top.layer) return undefined;
    const {source, continues} = snapshotter.layerRow(top.layer);
    if (source !== undefined || continues !== undefined) return undefined;
    if (!(await snapshotter.isWhole(id)) || !snapshotter.isUnpacked(id)) return undefined;
    const isUnchanged = this.#table.isUnchanged(top.layer);
    const content = isUnchanged ? 'nothing' : await this.#known(top.layer, 'content', signal);
    return `${top.epochSeconds} ${content}`;
  }

  async #find(
    active: ActiveSnapshot,
    {epochSeconds, isUnchanged}: LayerFacts,
    signal: AbortSignal,
  ): Promise<SnapshotId | undefined> {
    // Two that changed nothing are equal, and need no look: their roots have the time of their place in the stack.
    const alike = isUnchanged === true ? await this.unchangedOn(active.parent, epochSeconds) : undefined;
    if (alike !== undefined) return alike;
    const own = new Map<Depth, string>();
    const ownDigest = async (depth: Depth): Promise<string> => {
      const digest = own.get(depth) ?? (await this.#digestOf(active.upper, depth, signal));
      own.set(depth, digest);
      return digest;
    };
    const candidates = this.#table.madeOn(active.parent, epochSeconds, candidatesMax);
    for (const {id, layer} of candidates) {
      const row = this.#table.layer(layer);
      // Of a layer that continues another, the directory alone says little.
      if (row === undefined || row.continues !== undefined) continue;
      if (!isTrusted(row, this.#options.state.bootId)) continue;
      // Only what is taken is held, and looked for again then: a lease lasts as long as this process, and what was
      // merely compared may have to make room for it.
      if ((await this.#seen(layer, 'metadata', signal)) !== (await ownDigest('metadata'))) continue;
      if ((await this.#seen(layer, 'content', signal)) !== (await ownDigest('content'))) continue;
      if (await this.#isHere(id)) return id;
    }
    return undefined;
  }

  /** Of a layer that nobody holds; undefined: it has gone. */
  async #seen(layer: LayerId, depth: Depth, signal: AbortSignal): Promise<string | undefined> {
    const isThere = (): boolean => existsSync(this.#options.state.layerPath(layer));
    if (!isThere()) return undefined;
    try {
      return await this.#known(layer, depth, signal);
    } catch (error) {
      if (signal.aborted || isThere()) throw error;
      return undefined;
    }
  }

  async #known(layer: LayerId, depth: Depth, signal: AbortSignal): Promise<string> {
    const key = `${layer} layer ${depth}`;
    const known = this.#notes.getText('content', key);
    if (known !== undefined) return known;
    const digest = await this.#digestOf(this.#options.state.layerPath(layer), depth, signal);
    this.#notes.set('content', key, digest);
    return digest;
  }

  async #digestOf(directory: string, depth: Depth, signal: AbortSignal): Promise<string> {
    const helper = await this.#options.helper();
    const args = [`layer=${directory}`, 'compress=none', `compare=${depth}`];
    const digest = (await helper.request('pack', args, {signal})).get('diffid');
    assert(digest !== undefined, 'the helper gives a diffid');
    return digest;
  }
}
