// What is asked of a helper to pack a layer: of one that continues another, whether it is packed from the blob of that
// one, and what happens to files of requests that fail. The helper is one that packs the names of files.

import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, describe, expect, it} from 'vitest';
import {type Helper, HelperError} from '../../src/helper/helper.ts';
import {digestOf} from '../../src/oci/digest.ts';
import {Snapshotter} from '../../src/snapshot/snapshotter.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';
import {openStateDirectory, type StateDirectory} from '../../src/store/state-directory.ts';
import {assert} from '../../src/util/assert.ts';

const never = new AbortController().signal;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

class NamePacking implements Helper {
  /** Of each request, what it said of an earlier blob. */
  readonly earlier: string[][] = [];
  /** What it says that it compressed by, and what it will go on from. */
  compressor: string | undefined;
  /** Thrown when the file is written, by what is compressed so. */
  failures = new Map<string, Error>();

  async request(verb: string, args: readonly string[]): Promise<ReadonlyMap<string, string>> {
    assert(verb === 'pack', `this helper only packs, not ${verb}`);
    const value = (key: string): string =>
      args.find((arg) => arg.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
    const from = ['earlier', 'digest', 'compressor'].map(value).filter((text) => text !== '');
    this.earlier.push(from);
    const bytes = Buffer.from(readdirSync(value('layer')).join());
    writeFileSync(value('out'), bytes);
    const failure = this.failures.get(value('compress'));
    if (failure !== undefined) throw failure;
    if (from.length > 0 && from[2] !== this.compressor)
      throw new HelperError('earlier', 0, '', 'another compressor');
    const digest = digestOf(bytes);
    const result = {diffid: digest, digest, stored: String(bytes.length)};
    return new Map(Object.entries({...result, ...(this.compressor && {compressor: this.compressor})}));
  }

  async close(): Promise<void> {}
}

class World {
  readonly helper = new NamePacking();
  readonly state: StateDirectory;
  readonly snapshotter: Snapshotter;

  constructor() {
    const root = mkdtempSync(join(tmpdir(), 'tsbuild-blobs-'));
    cleanups.push(() => rmSync(root, {recursive: true, force: true}));
    const state = openStateDirectory(root);
    cleanups.push(() => state[Symbol.dispose]());
    this.state = state;
    this.snapshotter = new Snapshotter({
      state,
      blobs: new LocalBlobStore(root),
      helper: async () => this.helper,
      clock: {nowMs: () => 1000},
      onLayerProgress: () => {},
      source: {
        fetch: () => assert(false, 'nothing is fetched here') as never,
        decompress: (_kind, bytes) => bytes,
      },
    });
  }

  async layer(parent: string | undefined, name: string, continues?: string): Promise<string> {
    const active = await this.snapshotter.prepare(parent, never, continues);
    writeFileSync(join(active.upper, name), name);
    return this.snapshotter.commit(active, {epochSeconds: 7});
  }

  async digest(id: string): Promise<string> {
    return (await this.snapshotter.blobOf(id, never)).descriptor.digest;
  }
}

/** What the helper was told to pack a layer that continues one which was packed by `compressor`. */
async function toldOf(compressor: string | undefined, later: string | undefined): Promise<string[][]> {
  const world = new World();
  const {helper} = world;
  const base = await world.layer(undefined, 'base');
  helper.compressor = compressor;
  const first = await world.layer(base, 'first');
  const digest = await world.digest(first);
  helper.earlier.length = 0;
  helper.compressor = later;
  expect(await world.digest(await world.layer(base, 'next', first))).toBe(digestOf(Buffer.from('next')));
  const path = join(world.state.root, 'blobs', ...digest.split(':'));
  return helper.earlier.map((told) =>
    told.map((text) => text.replace(path, 'PATH').replace(digest, 'DIGEST')),
  );
}

describe('a layer that continues another', () => {
  it('is packed from the blob of that one, with what is known of it', async () => {
    expect(await toldOf('deflate-1', 'deflate-1')).toEqual([['PATH', 'DIGEST', 'deflate-1']]);
  });

  it('is packed from its files where nobody knows what compressed that one', async () => {
    expect(await toldOf(undefined, 'deflate-1')).toEqual([[]]);
  });

  it('is packed from its files where the helper refuses the blob', async () => {
    expect(await toldOf('deflate-1', 'deflate-2')).toEqual([['PATH', 'DIGEST', 'deflate-1'], []]);
  });

  it('is packed from its files where the blob of that one is another than was packed here', async () => {
    const world = new World();
    const {helper, state} = world;
    helper.compressor = 'deflate-1';
    const base = await world.layer(undefined, 'base');
    const first = await world.layer(base, 'first');
    await world.digest(first);
    const digest = await new LocalBlobStore(state.root).put(Buffer.from('the same by another compressor'));
    state.database.run('UPDATE layer SET digest = ? WHERE id = ?', digest, first);
    await world.digest(await world.layer(base, 'next', first));
    expect(helper.earlier.at(-1)).toEqual([]);
  });
});

describe('a layer that cannot be packed', () => {
  it('leaves no file behind, also where the helper cannot compress', async () => {
    const world = new World();
    const {helper, state} = world;
    const id = await world.layer(undefined, 'a');
    const files = (): string[] =>
      readdirSync(join(state.root, 'work')).filter((name) => name.endsWith('.blob'));
    helper.failures.set('gzip', new HelperError('pack', 28, '', 'no space'));
    await expect(world.digest(id)).rejects.toThrow('no space');
    expect(files()).toEqual([]);
    helper.failures.set('gzip', new HelperError('unsupported', 0, '', 'no library'));
    helper.failures.set('none', new HelperError('pack', 28, '', 'no space'));
    await expect(world.digest(id)).rejects.toThrow('no space');
    expect(files()).toEqual([]);
    helper.failures.delete('none');
    expect(await world.digest(id)).toMatch(/^sha256:/);
    expect(files()).toEqual([]);
  });
});
