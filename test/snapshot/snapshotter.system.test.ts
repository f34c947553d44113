// Layers and snapshots in a real state directory, with a helper that only knows `remove`.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterEach, describe, expect, it} from 'vitest';
import type {Helper} from '../../src/helper/helper.ts';
import type {DiffId} from '../../src/oci/digest.ts';
import {digestOf} from '../../src/oci/digest.ts';
import {mediaTypes} from '../../src/oci/media-types.ts';
import {LostLayer} from '../../src/snapshot/layer-source.ts';
import {Snapshotter} from '../../src/snapshot/snapshotter.ts';
import {stampOf} from '../../src/snapshot/stamp.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';
import {liveLeases} from '../../src/store/leases.ts';
import {ownProcess} from '../../src/store/process-start.ts';
import {openStateDirectory, type StateDirectory} from '../../src/store/state-directory.ts';
import {assert} from '../../src/util/assert.ts';
import {deferred} from '../../src/util/deferred.ts';
import {until} from '../support/until.ts';

const never = new AbortController().signal;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

const removing: Helper = {
  async request(verb, args) {
    assert(verb === 'remove', `this helper only removes, not ${verb}`);
    for (const arg of args) rmSync(arg.slice('path='.length), {recursive: true, force: true});
    return new Map();
  },
  close: async () => {},
};

/** Packs a layer as what its file names say, and counts. */
class Packing implements Helper {
  readonly packed: string[][] = [];
  readonly nices: string[][] = [];
  /** Before it is packed. */
  gate: Promise<void> = Promise.resolve();

  async request(verb: string, args: readonly string[]): Promise<ReadonlyMap<string, string>> {
    assert(verb === 'pack', `this helper only packs, not ${verb}`);
    const value = (key: string): string[] =>
      args.flatMap((arg) => (arg.startsWith(`${key}=`) ? [arg.slice(key.length + 1)] : []));
    const [top] = value('layer');
    const [out] = value('out');
    assert(top !== undefined && out !== undefined, 'pack has a layer and a file');
    const names = readdirSync(top);
    this.packed.push(names);
    this.nices.push(value('nice'));
    await this.gate;
    const bytes = Buffer.from(names.join());
    writeFileSync(out, bytes);
    const digest = digestOf(bytes);
    return new Map([
      ['diffid', digest],
      ['digest', digest],
      ['stored', String(bytes.length)],
    ]);
  }

  async close(): Promise<void> {}
}

function world(helper: Helper = removing): {
  snapshotter: Snapshotter;
  state: StateDirectory;
  again(): Snapshotter;
} {
  const root = mkdtempSync(join(tmpdir(), 'tsbuild-snapshot-'));
  cleanups.push(() => rmSync(root, {recursive: true, force: true}));
  const state = openStateDirectory(root);
  cleanups.push(() => state[Symbol.dispose]());
  const again = (): Snapshotter =>
    new Snapshotter({
      state,
      blobs: new LocalBlobStore(root),
      helper: async () => helper,
      clock: {nowMs: () => 1000},
      onLayerProgress: () => {},
      source: {
        fetch: () => assert(false, 'nothing is fetched here') as never,
        decompress: (_kind, bytes) => bytes,
      },
    });
  return {snapshotter: again(), state, again};
}

const facts = {epochSeconds: 7};
const idleFacts = {...facts, isUnchanged: true};

async function layer(snapshotter: Snapshotter, parent: string | undefined, name: string): Promise<string> {
  const active = await snapshotter.prepare(parent, never);
  writeFileSync(join(active.upper, name), name);
  return snapshotter.commit(active, facts);
}

describe('Snapshotter', () => {
  it('stacks layers, topmost first for the overlay, and leaves no work behind', async () => {
    const {snapshotter, state} = world();
    const bottom = await layer(snapshotter, undefined, 'a');
    const top = await layer(snapshotter, bottom, 'b');
    const view = await snapshotter.view(top, never);
    assert('layers' in view, 'a snapshot is a stack');
    expect(view.layers.map((path) => readdirSync(path))).toEqual([['b'], ['a']]);
    await snapshotter.cleanUp();
    expect(readdirSync(join(state.root, 'work'))).toEqual([]);
    expect(snapshotter.epochSecondsOf(top)).toBe(7);
  });

  it('shows nobody the layers of steps that changed nothing, but for the lowest, and counts them', async () => {
    const {snapshotter, state} = world();
    const idle = async (parent: string | undefined): Promise<string> =>
      snapshotter.commit(await snapshotter.prepare(parent, never), idleFacts);
    const lowest = await idle(undefined);
    const written = await layer(snapshotter, await idle(lowest), 'a');
    const active = await snapshotter.prepare(await idle(written), never);
    expect(active.layers).toEqual([written, lowest].map((id) => state.layerPath(id)));
    expect(stampOf(active, 3)).toBe('3.000000005');
    const top = await snapshotter.commit(active, idleFacts);
    expect(await snapshotter.view(top, never)).toEqual({layers: active.layers});
    expect(snapshotter.layersOf(top)).toHaveLength(5);
  });

  it('throws a layer in the making away without a trace', async () => {
    const {snapshotter, state} = world();
    const active = await snapshotter.prepare(undefined, never);
    writeFileSync(join(active.upper, 'a'), '');
    snapshotter.discard(active);
    await snapshotter.cleanUp();
    expect(readdirSync(join(state.root, 'work'))).toEqual([]);
    expect(readdirSync(join(state.root, 'layers'))).toEqual([]);
  });

  it('gives the place of a step that wrote nothing to the next one, as new', async () => {
    const {snapshotter, state} = world();
    const bottom = await layer(snapshotter, undefined, 'a');
    const idle = await snapshotter.prepare(bottom, never);
    mkdirSync(join(idle.work, 'work')); // as overlayfs does
    snapshotter.discardUnused(idle);
    const next = await snapshotter.prepare(bottom, never);
    expect(next.upper).toBe(idle.upper);
    expect(readdirSync(next.work)).toEqual([]);
    expect(statSync(next.upper).mtimeMs).toBe(7000);
    // A root that was made like another one is nobody else's.
    chmodSync(next.upper, 0o700);
    snapshotter.discardUnused(next);
    expect((await snapshotter.prepare(bottom, never)).upper).not.toBe(idle.upper);
    snapshotter.discardUnused(await snapshotter.prepare(bottom, never));
    await snapshotter.cleanUp();
    expect(readdirSync(join(state.root, 'work'))).toHaveLength(1);
  });

  it('restacks layers onto another base without copying them', async () => {
    const {snapshotter} = world();
    const base = await layer(snapshotter, undefined, 'base');
    const linked = await layer(snapshotter, undefined, 'linked');
    const merged = await snapshotter.stack(base, [linked]);
    assert(merged !== undefined, 'something was stacked');
    expect(snapshotter.layersOf(merged)).toEqual([base, linked]);
    expect(await snapshotter.isWhole(merged)).toBe(true);
  });

  it('packs one empty layer for all that are, and again when its blob is gone', async () => {
    const helper = new Packing();
    const {snapshotter, state, again} = world(helper);
    const empty = async (): Promise<string> =>
      snapshotter.commit(await snapshotter.prepare(undefined, never), facts);
    const layers = [await empty(), await layer(snapshotter, undefined, 'a'), await empty(), await empty()];
    const blobs = [];
    for (const id of layers) blobs.push(await snapshotter.blobOf(id, never));
    expect(helper.packed).toEqual([[], ['a']]);
    expect(blobs[2]).toEqual(blobs[0]);
    expect(blobs[3]).toEqual(blobs[0]);
    expect(blobs[1]).not.toEqual(blobs[0]);
    await new LocalBlobStore(state.root).delete(digestOf(Buffer.from('')));
    await snapshotter.blobOf(await empty(), never);
    expect(helper.packed).toEqual([[], ['a'], []]);
    // Another process knows it when it makes a layer that changes nothing.
    const other = again();
    const idle = await other.commit(await other.prepare(layers[0], never), idleFacts);
    expect(other.layerRow(idle).blob).toEqual(blobs[0]?.descriptor);
    expect(await other.blobOf(idle, never)).toEqual(blobs[0]);
    expect(helper.packed).toHaveLength(3);
    await new LocalBlobStore(state.root).delete(digestOf(Buffer.from('')));
    expect(await other.blobOf(idle, never)).toEqual(blobs[0]);
    expect(helper.packed).toEqual([[], ['a'], [], []]);
  });

  /** A layer that is asked for while it is packed early, which waits for the gate. */
  async function packedTwice() {
    const helper = new Packing();
    const {snapshotter, state} = world(helper);
    const id = await layer(snapshotter, undefined, 'a');
    const gate = deferred<void>();
    helper.gate = gate.promise;
    const early = snapshotter.earlyBlobOf(id, never);
    await until(() => helper.packed.length > 0);
    return {helper, snapshotter, state, gate, early, asked: snapshotter.blobOf(id, never)};
  }

  it('packs a layer once that is asked for while it is packed early, which is done with less of the processors', async () => {
    const {helper, snapshotter, gate, early, asked} = await packedTwice();
    gate.resolve();
    expect(await asked).toEqual(await early);
    expect(helper.packed).toEqual([['a']]);
    const other = await layer(snapshotter, undefined, 'b');
    await snapshotter.blobOf(other, never);
    expect(helper.nices).toEqual([['3'], []]);
  });

  it('packs a layer again that could not be packed early', async () => {
    const {helper, state, gate, early, asked} = await packedTwice();
    helper.gate = Promise.resolve();
    gate.reject(new Error('no space'));
    await expect(early).rejects.toThrow('no space');
    expect(await new LocalBlobStore(state.root).has((await asked).descriptor.digest)).toBe(true);
    expect(helper.packed).toEqual([['a'], ['a']]);
  });

  it('does not call a snapshot whole whose layer directory is gone', async () => {
    const {snapshotter, state, again} = world();
    const bottom = await layer(snapshotter, undefined, 'a');
    const top = await layer(snapshotter, bottom, 'b');
    expect(await snapshotter.isWhole(top)).toBe(true);
    rmSync(state.layerPath(bottom), {recursive: true});
    expect(await again().isWhole(top)).toBe(false);
    expect(await again().isWhole('never heard of')).toBe(false);
  });

  it('tells nobody of a new layer while somebody who has not seen its lease removes things', async () => {
    const {snapshotter, state} = world();
    const active = await snapshotter.prepare(undefined, never);
    const rows = (): number => state.database.all('SELECT id FROM snapshot').length;
    const flag = join(state.root, 'leases', 'collecting');
    mkdirSync(dirname(flag), {recursive: true});
    symlinkSync(ownProcess(), flag);
    const committed = snapshotter.commit(active, facts);
    await Promise.race([committed, sleep(100)]);
    expect([rows(), liveLeases(state.root).snapshots.size]).toEqual([0, 1]);
    rmSync(flag);
    const id = await committed;
    expect(rows()).toBe(1);
    expect(liveLeases(state.root).snapshots).toEqual(new Set([id]));
  });

  it('does not trust a layer of another boot that was never synced', async () => {
    const {snapshotter, state, again} = world();
    const id = await layer(snapshotter, undefined, 'a');
    state.database.run('UPDATE layer SET boot = ?', 'another boot');
    expect(await again().isWhole(id)).toBe(false);
    state.database.run('UPDATE layer SET durable = 1');
    expect(await again().isWhole(id)).toBe(true);
  });

  it('knows an image without fetching it, and writes it down once', async () => {
    const {snapshotter} = world();
    const diffId = digestOf('layer') as unknown as DiffId;
    const blob = {mediaType: mediaTypes.layerGzip, digest: digestOf('blob'), size: 4};
    const image = {layers: [{diffId, blob}], source: 'docker.io/library/a:latest', createdMs: 5000};
    const id = await snapshotter.importImage(image);
    expect(id).toBeDefined();
    expect(await snapshotter.importImage(image)).toBe(id);
    expect(snapshotter.epochSecondsOf(id)).toBe(5);
    assert(id !== undefined, 'an image with a layer');
    expect(snapshotter.isUnpacked(id)).toBe(false);
  });

  it('an image without layers is no snapshot', async () => {
    const {snapshotter} = world();
    expect(await snapshotter.importImage({layers: [], source: undefined, createdMs: 0})).toBeUndefined();
  });
});

describe('a layer of a shared cache', () => {
  it('is what its record says, also when its blob came from elsewhere', async () => {
    const {snapshotter, state} = world();
    const content = Buffer.from('content');
    const blobs = new LocalBlobStore(state.root);
    await blobs.put(content);
    const layerOf = (diffId: string) => ({
      diffId: diffId as DiffId,
      blob: {mediaType: mediaTypes.layerTar, digest: digestOf(content), size: content.length},
      isBase: false,
      epochSeconds: 0,
      createdMs: 0,
    });
    const layersOf = async (diffId: string): Promise<readonly string[]> => {
      const id = await snapshotter.importShared([layerOf(diffId)], 'cache:local:here');
      return id === undefined ? [] : snapshotter.layersOf(id);
    };
    const [honest = ''] = await layersOf(digestOf(content));
    expect(await snapshotter.blobOf(honest, never)).toMatchObject({diffId: digestOf(content)});
    const [lying = ''] = await layersOf(digestOf(Buffer.from('something else')));
    await expect(snapshotter.blobOf(lying, never)).rejects.toThrow(LostLayer);
    await expect(snapshotter.blobOf(lying, never)).rejects.toThrow(/its record says/);
  });
});
