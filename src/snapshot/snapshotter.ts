// Snapshots of file systems as stacks of layer directories (docs/adr/0005). Lazy both ways: a layer gets a
// directory when somebody builds on it or reads it, a blob when somebody exports it. All that is made is made aside
// (StateDirectory.makeWork) and renamed into place whole.

import {randomUUID} from 'node:crypto';
import {join} from 'node:path';
import type {Helper, View} from '../helper/helper.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import {chainIdOf, type DiffId, hexOf} from '../oci/digest.ts';
import type {LocalBlobStore, OnLook} from '../store/blob-store.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import {assert} from '../util/assert.ts';
import type {Clock} from '../util/clock.ts';
import {SingleFlight} from '../util/single-flight.ts';
import {Chains, type ImageChain} from './chains.ts';
import {KnownStacks} from './known-stacks.ts';
import {LayerBlobs, type LayerQuestions, noBlob} from './layer-blobs.ts';
import {LayerDirectories} from './layer-directories.ts';
import {type LayerFormat, usualFormat} from './layer-format.ts';
import type {LayerSource, OnLayerProgress} from './layer-source.ts';
import {type LayerId, type LayerRow, LayerTable, type SnapshotId, type SnapshotRow} from './layer-table.ts';
import type {WrittenLayer} from './layer-writer.ts';
import {addSharedStack, type SharedLayer} from './shared-layers.ts';
import {type Workplace, Workplaces} from './workplaces.ts';

export interface SnapshotterOptions {
  readonly state: StateDirectory;
  readonly blobs: LocalBlobStore;
  readonly helper: () => Promise<Helper>;
  readonly source: LayerSource;
  readonly clock: Clock;
  readonly onLayerProgress: OnLayerProgress;
  /** As LayerDirectories has it. */
  readonly onLook?: OnLook;
}

/** A new layer in the making on top of a parent. */
export interface ActiveSnapshot extends Workplace {
  readonly parent: SnapshotId | undefined;
  /** Layer directories of the parent, topmost first, but for those that say nothing. */
  readonly layers: readonly string[];
  /** Of the new layer in its stack: 1 on top of nothing. */
  readonly height: number;
  /** A layer on the same parent that is the topmost of `layers`: what is made is that one with changes. */
  readonly continues?: LayerId | undefined;
}

/** What is known of a layer when it is whole. */
export interface LayerFacts {
  /** The newest time that its inputs speak of, in seconds (docs/adr/0006). */
  readonly epochSeconds: number;
  /** It has nothing, and its root is like the one below. */
  readonly isUnchanged?: boolean;
}

const continuedHeightMax = 200;

export class Snapshotter {
  readonly #options: SnapshotterOptions;
  readonly #table: LayerTable;
  readonly #layerBlobs: LayerBlobs;
  readonly #chains: Chains;
  readonly #directories: LayerDirectories;
  readonly #making = new SingleFlight<LayerId, void>();
  readonly #seen = new Set<LayerId>();
  readonly #stacks: KnownStacks;
  readonly #workplaces: Workplaces;

  constructor(options: SnapshotterOptions) {
    this.#options = options;
    this.#table = LayerTable.of(options.state.database);
    this.#chains = new Chains(this.#table);
    this.#workplaces = new Workplaces(options.state, options.helper);
    this.#directories = new LayerDirectories(options, this.#table);
    this.#layerBlobs = new LayerBlobs(options, this.#table);
    const [chains, table, directories] = [this.#chains, this.#table, this.#directories];
    this.#stacks = new KnownStacks({chains, table, directories});
  }

  /** Makes an image known without fetching anything. Gives undefined for an image without layers. */
  async importImage(image: ImageChain): Promise<SnapshotId | undefined> {
    const bootId = this.#options.state.bootId;
    const epochSeconds = Math.floor(image.createdMs / 1000);
    const layers: LayerRow[] = [];
    const snapshots: SnapshotRow[] = [];
    const diffIds: DiffId[] = [];
    for (const {diffId, blob} of image.layers) {
      diffIds.push(diffId);
      const id = hexOf(diffId);
      const {mediaType, digest, size} = blob;
      layers.push({
        id,
        hasDirectory: false,
        diffId,
        blob: {mediaType, digest, size},
        source: image.source,
        createdMs: image.createdMs,
        bootId,
        durable: false,
      });
      const parent = snapshots.at(-1)?.id;
      snapshots.push({id: hexOf(chainIdOf(diffIds)), parent, layer: id, epochSeconds});
    }
    const top = snapshots.at(-1);
    if (top === undefined) return undefined;
    await this.#options.state.leases.hold('snapshot', top.id);
    // Nothing to write when all is known already: a cached build leaves the database alone.
    const known = this.#chains.find(top.id)?.every(({layer}) => {
      const row = this.#table.layer(layer);
      return row !== undefined && (image.source === undefined || row.source !== undefined);
    });
    if (known === true) return top.id;
    this.#table.add(layers, snapshots);
    if (image.source !== undefined) for (const {id} of layers) this.#table.setSource(id, image.source);
    return top.id;
  }

  /** Makes a stack known that a shared cache has; undefined: it stands on a base image that is not known here. */
  async importShared(layers: readonly SharedLayer[], source: string): Promise<SnapshotId | undefined> {
    const {bootId} = this.#options.state;
    const surroundings = {table: this.#table, bootId, isWhole: (id: LayerId) => this.#isLayerWhole(id)};
    const id = await addSharedStack(layers, source, surroundings);
    return id !== undefined && (await this.isWhole(id)) ? id : undefined;
  }

  /** A shared cache does not keep its promises: what only it has is not here any more. */
  forgetSource(source: string): void {
    this.#table.forgetSource(source);
    this.#seen.clear();
    this.#stacks.forgetWhole();
  }

  /** What is known of a layer. */
  layerRow(layer: LayerId): LayerRow {
    return this.#layerOf(layer);
  }

  /** The same of all layers of a snapshot, bottom first. */
  layerRowsOf(id: SnapshotId): readonly LayerRow[] {
    const layers = this.layersOf(id);
    const rows = this.#table.layers(layers);
    return layers.map((layer) => rows.get(layer) ?? this.#layerOf(layer));
  }

  /** Snapshots that the snapshot consists of, itself last. */
  stackOf(id: SnapshotId): readonly SnapshotRow[] {
    return this.#chains.of(id);
  }

  /** Whether every layer of the snapshot is here, or can be fetched. If so, it stays while this process lives. */
  async isWhole(id: SnapshotId): Promise<boolean> {
    await this.#options.state.leases.hold('snapshot', id);
    return this.#stacks.areWhole(id, (layer) => this.#isLayerWhole(layer));
  }

  /** Whether the snapshot can be used without fetching or unpacking anything. */
  isUnpacked(id: SnapshotId): boolean {
    const directories = this.#directories;
    return this.#stacks.areHere(
      id,
      (layer) => directories.isKnown(layer) || directories.has(this.#layerOf(layer)),
    );
  }

  async #isLayerWhole(id: LayerId): Promise<boolean> {
    if (this.#seen.has(id) || this.#directories.isKnown(id)) return true;
    const row = this.#table.layer(id);
    if (row === undefined) return false;
    const whole =
      this.#directories.has(row) || row.source !== undefined || (await this.#layerBlobs.hasBlob(row));
    if (whole) this.#seen.add(id);
    return whole;
  }

  /** Newest time that the snapshot's inputs speak of, in seconds (docs/adr/0006); 0 for an empty one. */
  epochSecondsOf(id: SnapshotId | undefined): number {
    return id === undefined ? 0 : (this.#chains.find(id)?.at(-1)?.epochSeconds ?? 0);
  }

  /** Layers of the snapshot, bottom first. */
  layersOf(id: SnapshotId): readonly LayerId[] {
    return this.#chains.of(id).map(({layer}) => layer);
  }

  /** The tree of a snapshot for the helper; fetches and unpacks what has no directory yet. */
  async view(id: SnapshotId | undefined, signal: AbortSignal): Promise<View> {
    return {layers: await this.#visibleOf(id, signal)};
  }

  /** Nobody who looks at a tree has to stack layers that change nothing. */
  async #visibleOf(id: SnapshotId | undefined, signal: AbortSignal): Promise<readonly string[]> {
    await this.#makeHere(id, signal);
    return id === undefined ? [] : this.#stacks.visibleOf(id);
  }

  async #directoriesOf(id: SnapshotId | undefined, signal: AbortSignal): Promise<string[]> {
    await this.#makeHere(id, signal);
    const layers = id === undefined ? [] : this.layersOf(id).toReversed();
    return layers.flatMap((layer) => this.#directories.pathsOf(layer));
  }

  async #makeHere(id: SnapshotId | undefined, signal: AbortSignal): Promise<void> {
    if (id === undefined || this.#stacks.areHere(id, (layer) => this.#directories.isKnown(layer))) return;
    const layers = this.layersOf(id);
    await Promise.all(
      layers.map((layer, index) => this.#ensureDirectory(layer, layers.slice(0, index), signal)),
    );
  }

  async #ensureDirectory(id: LayerId, below: readonly LayerId[], signal: AbortSignal): Promise<void> {
    if (this.#directories.has(this.#layerOf(id))) return;
    await this.#making.run(id, async () => {
      const {state} = this.#options;
      const wait = this.#layerBlobs.waitFor(this.#layerOf(id));
      const make = async (): Promise<void> => {
        const row = this.#layerOf(id);
        if (this.#directories.has(row)) return wait.over();
        const work = await state.makeWork();
        const {implied, links} = await this.#layerBlobs.unpackInto(row, join(work, 'fs'), signal);
        if (implied.length + links.length > 0) {
          const lower = await Promise.all(
            below.map(async (layer, index) => {
              await this.#ensureDirectory(layer, below.slice(0, index), signal);
              return this.#directories.pathsOf(layer).map((path) => `layer=${path}`);
            }),
          );
          const helper = await this.#options.helper();
          const paths = [
            ...implied.map((path) => `path=${path}`),
            ...links.flatMap(({path, target}) => [`link=${path}`, `target=${target}`]),
          ];
          await helper.request('adopt', [`dir=${join(work, 'fs')}`, ...lower.reverse().flat(), ...paths], {
            signal,
          });
        }
        await this.#directories.place(work, id);
        this.#table.setDirectory(id, true, state.bootId);
      };
      await state.locks.withLock(`layer ${id}`, signal, make, wait.begun);
    });
  }

  /** Starts a layer on top of `parent`, from nothing or from a layer there that is here (`canContinue`). */
  async prepare(
    parent: SnapshotId | undefined,
    signal: AbortSignal,
    continues?: LayerId,
  ): Promise<ActiveSnapshot> {
    const below = await this.#visibleOf(parent, signal);
    const layers = continues === undefined ? below : [...this.#directories.pathsOf(continues), ...below];
    const height = parent === undefined ? 1 : this.#chains.of(parent).length + 1;
    const workplace = await this.#workplaces.make(this.epochSecondsOf(parent));
    return {parent, layers, height, continues, ...workplace};
  }

  /** Whether a layer on `parent` may be made of that of another snapshot, which then stays while this process lives. */
  async canContinue(parent: SnapshotId | undefined, id: SnapshotId): Promise<boolean> {
    if (!(await this.isWhole(id))) return false;
    const row = this.#chains.of(id).at(-1);
    if (row === undefined || row.parent !== parent || row.layer !== id) return false;
    // A stack with two directories for each layer must still fit into one mount.
    if (this.layersOf(id).length > continuedHeightMax) return false;
    return this.#directories.has(this.#layerOf(id)) && !this.#directories.isContinued(id);
  }

  /** Makes the layer permanent. */
  async commit(active: ActiveSnapshot, {epochSeconds, isUnchanged = false}: LayerFacts): Promise<SnapshotId> {
    const id = await this.#newId();
    this.#workplaces.strip(active);
    await this.#directories.place(active.directory, id, active.continues);
    const layer: LayerRow = {
      id,
      hasDirectory: true,
      ...(isUnchanged ? this.#layerBlobs.emptyLayer() : noBlob),
      source: undefined,
      createdMs: this.#options.clock.nowMs(),
      bootId: this.#options.state.bootId,
      durable: false,
      continues: active.continues,
    };
    const snapshot: SnapshotRow = {id, parent: active.parent, layer: id, epochSeconds};
    this.#table.add([layer], [snapshot], isUnchanged ? [id] : []);
    this.#chains.add(snapshot);
    return id;
  }

  /** Held before a row tells of it: who is removing things has read the leases already, and would see the row. */
  async #newId(): Promise<SnapshotId> {
    const id = randomUUID().replaceAll('-', '');
    await this.#options.state.leases.hold('snapshot', id);
    return id;
  }

  /** Throws the layer in the making away, or another directory below `work/`. */
  discard(active: Pick<ActiveSnapshot, 'directory'>): void {
    this.#workplaces.discard(active.directory);
  }

  /** The same for one that is as it was made. */
  discardUnused(active: ActiveSnapshot): void {
    this.#workplaces.discardUnused(active);
  }

  /** Begins to remove what was thrown away. */
  tidy(): void {
    this.#workplaces.tidy();
  }

  /** Removes it to the end. */
  async cleanUp(): Promise<void> {
    await this.#workplaces.cleanUp();
  }

  /** Stacks the layers that `additions` have on top of nothing onto `base`, without copying. */
  async stack(
    base: SnapshotId | undefined,
    additions: readonly SnapshotId[],
  ): Promise<SnapshotId | undefined> {
    let parent = base;
    let epochSeconds = this.epochSecondsOf(base);
    const snapshots: SnapshotRow[] = [];
    for (const addition of additions) {
      epochSeconds = Math.max(epochSeconds, this.epochSecondsOf(addition));
      for (const layer of this.layersOf(addition)) {
        const id = await this.#newId();
        snapshots.push({id, parent, layer, epochSeconds});
        parent = id;
      }
    }
    this.#table.add([], snapshots);
    return parent;
  }

  /** The layer's blob where it is only in a registry: known, but never downloaded. */
  async remoteBlobOf(
    layer: LayerId,
  ): Promise<{diffId: DiffId; descriptor: Descriptor; source: string} | undefined> {
    const {diffId, blob, source} = this.#layerOf(layer);
    if (diffId === undefined || blob === undefined || source === undefined) return undefined;
    if (await this.#options.blobs.has(blob.digest)) return undefined;
    return {diffId, descriptor: blob, source};
  }

  /** The layer's blob, packed or fetched when it is not in the store yet. Whoever has just read its row gives it. */
  async blobOf(
    layer: LayerId,
    signal: AbortSignal,
    format = usualFormat,
    first?: LayerRow,
  ): Promise<WrittenLayer> {
    return this.#layerBlobs.ensureFormat(layer, format, {...this.#questionsOf(layer, signal), first}, signal);
  }

  /** The same before somebody asks for it: whoever works meanwhile comes first. */
  async earlyBlobOf(layer: LayerId, signal: AbortSignal): Promise<WrittenLayer> {
    return this.#layerBlobs.ensure(layer, {...this.#questionsOf(layer, signal), isEarly: true}, signal);
  }

  #questionsOf(layer: LayerId, signal: AbortSignal): LayerQuestions {
    // A layer tells only what it changes of what it was made on; its snapshot of the same name knows that.
    const stack = async (): Promise<readonly string[]> =>
      this.#table.snapshot(layer) === undefined
        ? [this.#options.state.layerPath(layer)]
        : this.#directoriesOf(layer, signal);
    return {row: () => this.#layerOf(layer), stack};
  }

  /** The layers of the snapshot above the lowest `base` as one. */
  async squashedBlobOf(
    id: SnapshotId,
    base: number,
    format: LayerFormat,
    signal: AbortSignal,
  ): Promise<WrittenLayer> {
    const directories = await this.#directoriesOf(id, signal);
    const lowest = this.layersOf(id).slice(0, base);
    const count = lowest.flatMap((layer) => this.#directories.pathsOf(layer)).length;
    return this.#layerBlobs.ensureSquashed(`${id} above ${base}`, {directories, base: count}, format, signal);
  }

  /**
   * Syncs layer directories that were made a while ago (their pages are mostly written by now) and marks them
   * durable.
   */
  async makeDurable(signal: AbortSignal): Promise<void> {
    const settledMs = 60_000;
    const {state, clock} = this.#options;
    const ids = this.#table.unsynced(state.bootId, clock.nowMs() - settledMs);
    if (ids.length === 0) return;
    const helper = await this.#options.helper();
    await helper.request('sync', [`dir=${state.root}`], {signal});
    this.#table.setDurable(ids);
  }

  #layerOf(id: LayerId): LayerRow {
    const row = this.#table.layer(id);
    assert(row !== undefined, `layer ${id} has no row`);
    return row;
  }
}
