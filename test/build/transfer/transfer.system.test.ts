// push and pull against Debian's docker-registry, behind a proxy that cuts connections and counts bytes.

import {join} from 'node:path';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {pullImage} from '../../../src/build/transfer/pull.ts';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import {LocalBlobStore} from '../../../src/store/blob-store.ts';
import {openImageStore} from '../../../src/store/image-store.ts';
import {type TestImage, testImage, testIndex} from '../../support/test-image.ts';
import {imageOf, mebibyte, RegistryRig, talkBytes} from './registry-rig.ts';

const arm64 = {os: 'linux', architecture: 'arm64'};

let rig: RegistryRig | undefined;
let image: TestImage;
let layer: Descriptor;
beforeAll(async () => {
  rig = await RegistryRig.start();
});
afterAll(() => rig?.close());
beforeEach(async () => {
  rig?.renew();
  image = await imageOf(6);
  layer = image.layers[0] as Descriptor;
});

describe('an image of the store', () => {
  it('is pushed and pulled again, every byte of it', async (test) => {
    if (rig === undefined) return test.skip();
    await rig.store(image, 'whole:1');
    expect((await rig.push('whole:1')).digest).toBe(image.descriptor.digest);
    expect(await rig.pull('whole:1')).toMatchObject({digest: image.descriptor.digest, isUpToDate: false});
    expect(await rig.pull('whole:1')).toMatchObject({isUpToDate: true});
    const blobs = new LocalBlobStore(join(rig.root, 'other'));
    for (const [digest, bytes] of image.blobs)
      expect(Buffer.from(await blobs.read(digest)).equals(bytes)).toBe(true);
  });

  it('arrives, though the connection is cut in the middle', async (test) => {
    if (rig === undefined) return test.skip();
    const {proxy} = rig;
    await rig.store(image, 'cut:1');
    const before = proxy.sent;
    proxy.cutAfter('sent', 3 * mebibyte);
    await rig.push('cut:1');
    // This registry forgets an upload that broke within a request, so the blob begins anew, once. How much of the
    // first attempt was under way when it was cut depends on the buffers of the sockets.
    expect(proxy.sent - before).toBeLessThan(2 * layer.size + talkBytes);
    expect((await rig.pull('cut:1')).digest).toBe(image.descriptor.digest);
  });

  it('is not sent again, and to another repository not at all', async (test) => {
    if (rig === undefined) return test.skip();
    const {proxy} = rig;
    await rig.store(image, 'first:1');
    await rig.push('first:1');
    const before = proxy.sent;
    await rig.push('first:1');
    await rig.store(image, 'second:1');
    await rig.push('second:1');
    expect(proxy.sent - before).toBeLessThan(talkBytes);
    expect((await rig.pull('second:1')).digest).toBe(image.descriptor.digest);
  });

  it('is fetched once, though the connection is cut in the middle', async (test) => {
    if (rig === undefined) return test.skip();
    const {proxy} = rig;
    await rig.store(image, 'fetched:1');
    await rig.push('fetched:1');
    const before = proxy.received;
    proxy.cutAfter('received', 3 * mebibyte);
    await rig.pull('fetched:1');
    expect(proxy.received - before).toBeLessThan(layer.size + talkBytes + mebibyte);
  });

  it('that the store does not have is not pushed', async (test) => {
    if (rig === undefined) return test.skip();
    await expect(rig.push('absent:1')).rejects.toThrow(/no image ".*absent:1" in the local store/);
  });

  it('that lost a layer is an error, and its tag does not move', async (test) => {
    if (rig === undefined) return test.skip();
    await rig.store(image, 'lost:1');
    await new LocalBlobStore(rig.root).delete(layer.digest);
    await expect(rig.push('lost:1')).rejects.toThrow(`blob ${layer.digest} is not in the store`);
    await expect(rig.pull('lost:1')).rejects.toThrow('not found');
  });

  it('of several platforms is pushed with its index', async (test) => {
    if (rig === undefined) return test.skip();
    const {proxy} = rig;
    const other = await testImage({layers: [], platform: arm64});
    const index = testIndex([image.descriptor, other.descriptor]);
    await rig.store(image, 'list:1');
    const blobs = new LocalBlobStore(rig.root);
    for (const bytes of [...other.blobs.values(), other.manifest]) await blobs.put(bytes);
    const digest = await blobs.put(index.bytes);
    {
      using images = openImageStore(rig.root);
      images.tag(
        `${proxy.address}/list:1`,
        {mediaType: index.mediaType, digest, size: index.bytes.length},
        1,
      );
    }
    expect((await rig.push('list:1')).digest).toBe(digest);
    const reference = rig.name('list:1');
    const pulled = await rig.transfer((open) => pullImage(reference, arm64, open), join(rig.root, 'other'));
    expect(pulled.digest).toBe(digest);
  });
});
