import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Descriptor} from '../../src/oci/descriptor.ts';
import {mediaTypes} from '../../src/oci/media-types.ts';
import {formatPlatform, hostPlatform, type Platform} from '../../src/oci/platform.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';
import {type ImageStore, openImageStore} from '../../src/store/image-store.ts';

const s390x: Platform = {os: 'linux', architecture: 's390x'};

let root: string;
let store: ImageStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-images-'));
  store = openImageStore(root);
});
afterEach(() => {
  store[Symbol.dispose]();
  rmSync(root, {recursive: true, force: true});
});

async function put(value: object, mediaType: string): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(value));
  return {mediaType, digest: await new LocalBlobStore(root).put(bytes), size: bytes.length};
}

async function putImage(platform: Platform): Promise<Descriptor> {
  const config = await put({...platform, rootfs: {type: 'layers', diff_ids: []}}, mediaTypes.config);
  const manifest = await put({schemaVersion: 2, config, layers: []}, mediaTypes.manifest);
  return {...manifest, platform};
}

async function putIndex(platforms: readonly Platform[]): Promise<Descriptor> {
  const manifests: Descriptor[] = [];
  for (const platform of platforms) manifests.push(await putImage(platform));
  return put({schemaVersion: 2, mediaType: mediaTypes.index, manifests}, mediaTypes.index);
}

describe('a name that leads to an index', () => {
  it('lists an image for each platform', async () => {
    store.tag('docker.io/library/a:1', await putIndex([s390x, hostPlatform()]), 1);
    store.tag('docker.io/library/b:1', await putImage(s390x), 2);
    expect((await store.list()).map(({name, platform}) => `${name} ${formatPlatform(platform)}`)).toEqual([
      'docker.io/library/b:1 linux/s390x',
      'docker.io/library/a:1 linux/s390x',
      `docker.io/library/a:1 ${formatPlatform(hostPlatform())}`,
    ]);
  });

  it('means the image that runs on this machine, or else the first', async () => {
    store.tag('docker.io/library/a:1', await putIndex([s390x, hostPlatform()]), 1);
    expect((await store.get('docker.io/library/a:1'))?.platform).toEqual(hostPlatform());
    const armV5: Platform = {os: 'plan9', architecture: 'arm', variant: 'v5'};
    store.tag('docker.io/library/a:2', await putIndex([s390x, armV5]), 1);
    expect((await store.get('docker.io/library/a:2'))?.platform).toEqual(s390x);
  });

  it('is found by the digest of the index, and each of its images by its own', async () => {
    const index = await putIndex([s390x, hostPlatform()]);
    const image = await putImage(s390x);
    store.tag('docker.io/library/a:1', index, 1);
    expect((await store.get(index.digest))?.platform).toEqual(hostPlatform());
    const found = await store.get(image.digest.slice('sha256:'.length, 20));
    expect(found).toMatchObject({platform: s390x, root: index, manifest: image});
  });
});
