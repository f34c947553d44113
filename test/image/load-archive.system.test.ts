import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {loadArchive} from '../../src/image/load-archive.ts';
import type {Digest} from '../../src/oci/digest.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';
import {member, record} from '../support/tar-bytes.ts';
import {testImage, testTar} from '../support/test-image.ts';

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

async function loaded(compression: 'none' | 'gzip', store: WatchedStore): Promise<number> {
  const content = Buffer.alloc(3 * 1024 * 1024, 'seldom');
  const image = await testImage({layers: [{entries: [{path: 'a', content}], compression}]});
  const tar = await testTar([
    {path: 'index.json', content: JSON.stringify({schemaVersion: 2, manifests: [image.descriptor]})},
    ...[...image.blobs, [image.descriptor.digest, image.manifest] as const].map(([digest, bytes]) => ({
      path: `blobs/${digest.replace(':', '/')}`,
      content: bytes,
    })),
  ]);
  const bytes = (async function* () {
    yield tar;
  })();
  const {signal} = new AbortController();
  const images = await loadArchive(bytes, {blobs: store, platform: undefined, signal});
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
    const {signal} = new AbortController();
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
});
