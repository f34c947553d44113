// push and pull against Debian's docker-registry, behind a proxy that cuts connections and counts bytes.

import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {type Pulled, pullImage} from '../../../src/build/transfer/pull.ts';
import {pushStored} from '../../../src/build/transfer/push-stored.ts';
import {type Transfer, withTransfer} from '../../../src/build/transfer/transfer.ts';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import {isReferenceProblem, parseReference, type Reference} from '../../../src/oci/reference.ts';
import {LocalBlobStore} from '../../../src/store/blob-store.ts';
import {openImageStore} from '../../../src/store/image-store.ts';
import {type FaultProxy, startFaultProxy} from '../../support/fault-proxy.ts';
import {startRegistry, type TestRegistry} from '../../support/registry.ts';
import {type TestImage, testImage, testIndex} from '../../support/test-image.ts';

const amd64 = {os: 'linux', architecture: 'amd64'};
const arm64 = {os: 'linux', architecture: 'arm64'};
const mebibyte = 1024 * 1024;
/** What requests and headers may come to. */
const talkBytes = mebibyte / 4;

let registry: TestRegistry | undefined;
let proxy: FaultProxy;
let root: string;
let image: TestImage;
let layer: Descriptor;
beforeAll(async () => {
  registry = await startRegistry();
  proxy = await startFaultProxy(() => registry?.address ?? '');
});
afterAll(async () => {
  await proxy.close();
  await registry?.close();
});
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-transfer-'));
  image = await testImage({layers: [{entries: [{path: 'data', content: randomBytes(6 * mebibyte)}]}]});
  layer = image.layers[0] as Descriptor;
});
afterEach(() => rmSync(root, {recursive: true, force: true}));

function name(text: string): Reference {
  const reference = parseReference(`${proxy.address}/${text}`);
  if (isReferenceProblem(reference)) throw new Error(reference.problem);
  return reference;
}

async function store(text: string): Promise<void> {
  const blobs = new LocalBlobStore(root);
  for (const bytes of [...image.blobs.values(), image.manifest]) await blobs.put(bytes);
  using images = openImageStore(root);
  images.tag(`${proxy.address}/${text}`, image.descriptor, 1);
}

const transfer = <T>(work: (transfer: Transfer) => Promise<T>, state = root): Promise<T> =>
  withTransfer(
    {root: state, configFile: undefined, environment: {}, emit: () => {}},
    new AbortController().signal,
    work,
  );
const push = (text: string): Promise<Descriptor> => transfer((open) => pushStored(name(text), open));
const pull = (text: string, state = join(root, 'other')): Promise<Pulled> =>
  transfer((open) => pullImage(name(text), amd64, open), state);

describe('an image of the store', () => {
  it('is pushed and pulled again, every byte of it', async () => {
    if (registry === undefined) return;
    await store('whole:1');
    expect((await push('whole:1')).digest).toBe(image.descriptor.digest);
    expect(await pull('whole:1')).toMatchObject({digest: image.descriptor.digest, isUpToDate: false});
    expect(await pull('whole:1')).toMatchObject({isUpToDate: true});
    const blobs = new LocalBlobStore(join(root, 'other'));
    for (const [digest, bytes] of image.blobs)
      expect(Buffer.from(await blobs.read(digest)).equals(bytes)).toBe(true);
  });

  it('arrives, though the connection is cut in the middle', async () => {
    if (registry === undefined) return;
    await store('cut:1');
    const before = proxy.sent;
    proxy.cutAfter('sent', 3 * mebibyte);
    await push('cut:1');
    // This registry forgets an upload that broke within a request, so the blob begins anew, once. How much of the
    // first attempt was under way when it was cut depends on the buffers of the sockets.
    expect(proxy.sent - before).toBeLessThan(2 * layer.size + talkBytes);
    expect((await pull('cut:1')).digest).toBe(image.descriptor.digest);
  });

  it('is not sent again, and to another repository not at all', async () => {
    if (registry === undefined) return;
    await store('first:1');
    await push('first:1');
    const before = proxy.sent;
    await push('first:1');
    await store('second:1');
    await push('second:1');
    expect(proxy.sent - before).toBeLessThan(talkBytes);
    expect((await pull('second:1')).digest).toBe(image.descriptor.digest);
  });

  it('is fetched once, though the connection is cut in the middle', async () => {
    if (registry === undefined) return;
    await store('fetched:1');
    await push('fetched:1');
    const before = proxy.received;
    proxy.cutAfter('received', 3 * mebibyte);
    await pull('fetched:1');
    expect(proxy.received - before).toBeLessThan(layer.size + talkBytes + mebibyte);
  });

  it('that the store does not have is not pushed', async () => {
    await expect(push('absent:1')).rejects.toThrow(/no image ".*absent:1" in the local store/);
  });

  it('that lost a layer is an error, and its tag does not move', async () => {
    if (registry === undefined) return;
    await store('lost:1');
    await new LocalBlobStore(root).delete(layer.digest);
    await expect(push('lost:1')).rejects.toThrow(`blob ${layer.digest} is not in the store`);
    await expect(pull('lost:1')).rejects.toThrow('not found');
  });

  it('of several platforms is pushed with its index', async () => {
    if (registry === undefined) return;
    const other = await testImage({layers: [], platform: arm64});
    const index = testIndex([image.descriptor, other.descriptor]);
    await store('list:1');
    const blobs = new LocalBlobStore(root);
    for (const bytes of [...other.blobs.values(), other.manifest]) await blobs.put(bytes);
    const digest = await blobs.put(index.bytes);
    {
      using images = openImageStore(root);
      images.tag(
        `${proxy.address}/list:1`,
        {mediaType: index.mediaType, digest, size: index.bytes.length},
        1,
      );
    }
    expect((await push('list:1')).digest).toBe(digest);
    const pulled = await transfer((open) => pullImage(name('list:1'), arm64, open), join(root, 'other'));
    expect(pulled.digest).toBe(digest);
  });
});
