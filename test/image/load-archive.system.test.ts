import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {loadArchive} from '../../src/image/load-archive.ts';
import type {Digest} from '../../src/oci/digest.ts';
import type {Platform} from '../../src/oci/platform.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';
import {member, record} from '../support/tar-bytes.ts';
import {type TestImage, testImage, testTar} from '../support/test-image.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-load-archive-'));
});
afterEach(() => rmSync(root, {recursive: true, force: true}));

/** Counts what is read of blobs again. */
class WatchedStore extends LocalBlobStore {
  bytes = 0;

  override async *stream(digest: Digest): AsyncIterable<Uint8Array> {
    for await (const piece of super.stream(digest)) {
      this.bytes += piece.length;
      yield piece;
    }
  }
}

/** An OCI layout as a tar. */
async function layoutOf(
  manifests: readonly object[],
  images: readonly (TestImage | undefined)[],
): Promise<Uint8Array> {
  const blobs = images.flatMap((image) =>
    image === undefined ? [] : [...image.blobs, [image.descriptor.digest, image.manifest] as const],
  );
  return testTar([
    {path: 'index.json', content: JSON.stringify({schemaVersion: 2, manifests})},
    ...blobs.map(([digest, content]) => ({path: `blobs/${digest.replace(':', '/')}`, content})),
  ]);
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const {signal} = new AbortController();

async function loaded(compression: 'none' | 'gzip', store: WatchedStore): Promise<number> {
  const content = Buffer.alloc(3 * 1024 * 1024, 'seldom');
  const image = await testImage({layers: [{entries: [{path: 'a', content}], compression}]});
  const tar = await layoutOf([image.descriptor], [image]);
  const images = await loadArchive(piecesOf(tar), {blobs: store, platform: undefined, signal});
  expect(images.map(({root: {digest}}) => digest)).toEqual([image.descriptor.digest]);
  return image.layers[0]?.size ?? 0;
}

describe('loading', () => {
  it('does not fill the disk with the holes of a small archive', async () => {
    const store = new WatchedStore(root);
    const pax = ['1', '2'].flatMap((name) => [
      member(
        {name: 'p', type: 'x'},
        record('GNU.sparse.name', name) +
          record('GNU.sparse.realsize', `${2 ** 39}`) +
          record('GNU.sparse.map', '0,4'),
      ),
      member({name}, 'data'),
    ]);
    const bytes = (async function* () {
      yield Buffer.concat([...pax, Buffer.alloc(1024)]);
    })();
    await expect(loadArchive(bytes, {blobs: store, platform: undefined, signal})).rejects.toThrow(
      'the archive cannot be loaded: 1 is little more than holes',
    );
  });

  it('hashes a plain layer once, when it comes in', async () => {
    const store = new WatchedStore(root);
    const size = await loaded('none', store);
    expect(size).toBeGreaterThan(3 * 1024 * 1024);
    // The first piece tells that it is plain.
    expect(store.bytes).toBeLessThanOrEqual(1024 * 1024);
  });

  it('unpacks a compressed layer to see whether it is what the config says', async () => {
    const store = new WatchedStore(root);
    expect(store.bytes).toBe(0);
    const size = await loaded('gzip', store);
    expect(store.bytes).toBe(size);
  });

  it('takes of images side by side those of the platform that is asked for', async () => {
    const [arm, amd] = await Promise.all(
      (['arm', 'amd64'] as const).map((architecture) =>
        testImage({layers: [], platform: {os: 'linux', architecture}}),
      ),
    );
    const manifests = [
      // The config, as old builders write it, does not say the variant.
      {...arm?.descriptor, platform: {os: 'linux', architecture: 'arm', variant: 'v6'}},
      {...amd?.descriptor, platform: {os: 'linux', architecture: 'amd64'}},
    ];
    const tar = await layoutOf(manifests, [arm, amd]);
    const load = async (platform: Platform): Promise<unknown> =>
      loadArchive(piecesOf(tar), {blobs: new WatchedStore(root), platform, signal}).then(
        (images) => images.map(({root: {digest}}) => digest),
        (error: Error) => error.message,
      );
    expect(await load({os: 'linux', architecture: 'arm', variant: 'v6'})).toEqual([arm?.descriptor.digest]);
    expect(await load({os: 'linux', architecture: 'amd64'})).toEqual([amd?.descriptor.digest]);
    expect(await load({os: 'linux', architecture: 's390x'})).toContain(
      'it has no image for linux/s390x, only for linux/arm/v6, linux/amd64',
    );
  });

  it('gives no image a name that would be taken for the ID of another', async () => {
    const image = await testImage({layers: []});
    const name = `docker.io/library/sha256:${'a'.repeat(64)}`;
    const named = {...image.descriptor, annotations: {'io.containerd.image.name': name}};
    const tar = await layoutOf([named], [image]);
    const options = {blobs: new WatchedStore(root), platform: undefined, signal};
    await expect(loadArchive(piecesOf(tar), options)).rejects.toThrow('it has an image of the name');
  });
});
