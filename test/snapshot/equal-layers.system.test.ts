// Which layer in the making is one that was made before, in a real state directory, with a helper that only digests.

import {mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, expect, it} from 'vitest';
import type {Helper} from '../../src/helper/helper.ts';
import {digestOf} from '../../src/oci/digest.ts';
import {EqualLayers} from '../../src/snapshot/equal-layers.ts';
import type {SnapshotId} from '../../src/snapshot/layer-table.ts';
import {Snapshotter} from '../../src/snapshot/snapshotter.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';
import {Leases, liveLeases} from '../../src/store/leases.ts';
import {openStateDirectory, type StateDirectory} from '../../src/store/state-directory.ts';
import {assert} from '../../src/util/assert.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

class World {
  /** Depths that were asked for, in order. */
  readonly asked: string[] = [];
  /** What happens meanwhile. */
  onDigest: (directory: string) => void = () => {};
  nowMs = 1000;
  readonly root: string;
  readonly snapshotter: Snapshotter;
  readonly #equal: EqualLayers;
  readonly #state: StateDirectory;

  constructor(root = mkdtempSync(join(tmpdir(), 'tsbuild-equal-'))) {
    this.root = root;
    cleanups.push(() => rmSync(root, {recursive: true, force: true}));
    const state = openStateDirectory(root);
    this.#state = state;
    cleanups.push(() => state[Symbol.dispose]());
    const helper: Helper = {request: async (_verb, args) => this.#digest(args), close: async () => {}};
    this.snapshotter = new Snapshotter({
      state,
      blobs: new LocalBlobStore(root),
      helper: async () => helper,
      clock: {nowMs: () => this.nowMs},
      onLayerProgress: () => {},
      source: {
        fetch: () => assert(false, 'nothing is fetched here') as never,
        decompress: (_kind, bytes) => bytes,
      },
    });
    this.#equal = new EqualLayers({state, snapshotter: this.snapshotter, helper: async () => helper});
  }

  /** As a record does, which is written with what it leads to. */
  writeDown(): void {
    this.#state.database.transaction(() => {});
  }

  /** A step on `parent` that leaves this file; says whether it left nothing new. */
  async step(
    parent: SnapshotId | undefined,
    name: string,
    text: string | undefined,
    epochSeconds = 7,
  ): Promise<{snapshot: SnapshotId; unchanged: boolean}> {
    const signal = new AbortController().signal;
    const active = await this.snapshotter.prepare(parent, signal);
    if (text !== undefined) writeFileSync(join(active.upper, name), text);
    let unchanged = false;
    const step = {
      signal,
      unchanged: () => {
        unchanged = true;
      },
    };
    const snapshot = await this.#equal.settle(active, {epochSeconds, isUnchanged: text === undefined}, step);
    return {snapshot, unchanged};
  }

  #digest(args: readonly string[]): ReadonlyMap<string, string> {
    const [, directory = ''] = /^layer=(.*)$/.exec(args[0] ?? '') ?? [];
    this.onDigest(directory);
    const depth = args.find((arg) => arg.startsWith('compare=')) ?? '';
    this.asked.push(depth.slice('compare='.length));
    const names = readdirSync(directory);
    const texts = names.map((name) => readFileSync(join(directory, name), 'utf8'));
    const seen = depth === 'compare=content' ? [...names, ...texts] : names;
    return new Map([['diffid', digestOf(JSON.stringify(seen))]]);
  }
}

it('a layer where nothing was made before is not hashed', async () => {
  const world = new World();
  const {snapshot, unchanged} = await world.step(undefined, 'a', 'x');
  expect(unchanged).toBe(false);
  await world.step(snapshot, 'a', 'x');
  expect(world.asked).toEqual([]);
});

it('a layer like one that was made on the same parent is that one, and keeps no directory of its own', async () => {
  const world = new World();
  const {snapshot: parent} = await world.step(undefined, 'base', 'x');
  const first = await world.step(parent, 'a', 'x');
  expect(await world.step(parent, 'a', 'x')).toEqual({snapshot: first.snapshot, unchanged: true});
  world.asked.length = 0;
  // What is known of the old one is not asked again.
  expect(await world.step(parent, 'a', 'x')).toEqual({snapshot: first.snapshot, unchanged: true});
  expect(world.asked).toEqual(['metadata', 'content']);
});

it('contents are read only where names are equal, and decide', async () => {
  const world = new World();
  const {snapshot: parent} = await world.step(undefined, 'base', 'x');
  const first = await world.step(parent, 'a', 'x');
  expect((await world.step(parent, 'b', 'x')).unchanged).toBe(false);
  expect(world.asked).toEqual(['metadata', 'metadata']);
  const third = await world.step(parent, 'a', 'y');
  expect(third.unchanged).toBe(false);
  expect(third.snapshot).not.toBe(first.snapshot);
});

it('two layers that changed nothing are equal without a look, also to another process', async () => {
  const world = new World();
  const {snapshot: parent} = await world.step(undefined, 'base', 'x');
  await world.step(parent, 'a', 'x');
  const idle = await world.step(parent, 'nothing', undefined);
  world.asked.length = 0;
  world.writeDown();
  const again = new World(world.root);
  expect(await again.step(parent, 'nothing', undefined)).toEqual({snapshot: idle.snapshot, unchanged: true});
  expect([...world.asked, ...again.asked]).toEqual([]);
});

it('of two that changed nothing the one that is left is the answer', async () => {
  const world = new World();
  const {snapshot: parent} = await world.step(undefined, 'base', 'x');
  const older = await world.step(parent, 'nothing', undefined);
  world.writeDown();
  const layer = (id: SnapshotId): string => join(world.root, 'layers', id);
  renameSync(layer(older.snapshot), join(world.root, 'aside'));
  const later = new World(world.root);
  later.nowMs = 2000;
  const newer = await later.step(parent, 'nothing', undefined);
  later.writeDown();
  expect(newer.unchanged).toBe(false);
  renameSync(join(world.root, 'aside'), layer(older.snapshot));
  rmSync(layer(newer.snapshot), {recursive: true});
  expect(await new World(world.root).step(parent, 'nothing', undefined)).toEqual({
    snapshot: older.snapshot,
    unchanged: true,
  });
});

it('another parent or another epoch makes another layer', async () => {
  const world = new World();
  const [one, two] = [await world.step(undefined, 'b', '1'), await world.step(undefined, 'b', '2')];
  await world.step(one.snapshot, 'a', 'x');
  expect((await world.step(two.snapshot, 'a', 'x')).unchanged).toBe(false);
  expect((await world.step(one.snapshot, 'a', 'x', 8)).unchanged).toBe(false);
});

it('a layer whose files are gone is no answer', async () => {
  const world = new World();
  const {snapshot: parent} = await world.step(undefined, 'base', 'x');
  const first = await world.step(parent, 'a', 'x');
  const view = await world.snapshotter.view(first.snapshot, new AbortController().signal);
  const [top = ''] = 'layers' in view ? view.layers : [];
  expect(top).toContain(world.root);
  rmSync(join(top, '..'), {recursive: true});
  // A process that has not seen them.
  expect((await new World(world.root).step(parent, 'a', 'x')).unchanged).toBe(false);
});

it('a layer that was only compared is not held, one that is taken is', async () => {
  const world = new World();
  const first = await world.step(undefined, 'a', 'one');
  const second = await world.step(undefined, 'b', 'two');
  // As with a process that has ended, and another that begins.
  Leases.of(world.root).end();
  Leases.of(world.root).begin();
  expect(liveLeases(world.root).snapshots.size).toBe(0);
  const other = await world.step(undefined, 'c', 'three');
  expect([...liveLeases(world.root).snapshots]).toEqual([other.snapshot]);
  expect(await world.step(undefined, 'b', 'two')).toEqual({...second, unchanged: true});
  const held = liveLeases(world.root).snapshots;
  expect([held.has(first.snapshot), held.has(second.snapshot)]).toEqual([false, true]);
});

it('a layer that goes while it is looked at is no answer', async () => {
  const world = new World();
  await world.step(undefined, 'a', 'one');
  world.onDigest = (directory) => {
    if (directory.includes('/layers/'))
      for (const name of readdirSync(join(world.root, 'layers'))) {
        rmSync(join(world.root, 'layers', name), {recursive: true, force: true});
      }
  };
  expect(await world.step(undefined, 'a', 'one')).toMatchObject({unchanged: false});
});
