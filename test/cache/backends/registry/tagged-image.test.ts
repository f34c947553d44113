// What stands under the name of a cache in a registry: images with and without a cache inside, caches of BuildKit's in
// both of their forms, nothing at all, and answers that are not what was asked for.

import {describe, expect, it} from 'vitest';
import {ImageReader, type TaggedImage} from '../../../../src/cache/backends/registry/tagged-image.ts';
import {documentName, parseRecord} from '../../../../src/cache/shared-record.ts';
import {digestOf} from '../../../../src/oci/digest.ts';
import {mediaTypes} from '../../../../src/oci/media-types.ts';
import type {Reference} from '../../../../src/oci/reference.ts';
import {formatVersion, keysOfIngredients} from '../../../../src/solver/keys.ts';
import type {RegistryClient} from '../../../../src/sources/registry/client.ts';

const reference: Reference = {domain: 'r.example', path: 'app', tag: 'ci'};
const layer = {mediaType: mediaTypes.layerGzip, digest: digestOf('layer'), size: 5};
const key = keysOfIngredients('exec {}', []).definition;
const record = {
  ...{format: 1, key, primary: key, keyFormat: formatVersion, op: 'exec {}', inputs: [], from: []},
  ...{resultKey: key, name: 'RUN x', layers: [{at: 0, base: false, epochSeconds: 1, createdMs: 2}]},
};

class World {
  readonly manifests = new Map<string, string>();
  readonly blobs = new Map<string, string>();

  config(members: object): {mediaType: string; digest: string; size: number} {
    const rootfs = {type: 'layers', diff_ids: [digestOf('tar')]};
    const text = JSON.stringify({os: 'linux', architecture: 'amd64', config: {}, rootfs, ...members});
    this.blobs.set(digestOf(text), text);
    return {mediaType: mediaTypes.config, digest: digestOf(text), size: text.length};
  }

  manifest(config: object, name?: string): {mediaType: string; digest: string; size: number} {
    const text = JSON.stringify({schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer]});
    this.manifests.set(name ?? digestOf(text), text);
    return {mediaType: mediaTypes.manifest, digest: digestOf(text), size: text.length};
  }

  index(manifests: readonly object[]): void {
    this.manifests.set('ci', JSON.stringify({schemaVersion: 2, mediaType: mediaTypes.index, manifests}));
  }

  read(): Promise<TaggedImage> {
    const client = {
      send: async (_: unknown, {path}: {path: string}) => {
        const found = this.manifests.get(path.slice('/app/manifests/'.length));
        return {
          status: found === undefined ? 404 : 200,
          headers: {},
          bytes: async () => Buffer.from(found ?? ''),
          discard: async () => {},
        };
      },
      fetchSmall: async (_: unknown, {digest}: {digest: string}) => Buffer.from(this.blobs.get(digest) ?? ''),
    } as unknown as RegistryClient;
    return new ImageReader(client, reference, new AbortController().signal).read();
  }
}

describe('the image under the name of a cache', () => {
  it('has records whose layers are those of the image', async () => {
    const world = new World();
    world.manifest(world.config({'tsbuild.cache.v1': [record, 'noise', {key: 'x'}]}), 'ci');
    const {documents} = await world.read();
    expect([...documents.keys()]).toEqual([documentName(key)]);
    expect(parseRecord(key, documents.get(documentName(key)) ?? Buffer.of())).toMatchObject({
      layers: [{blob: layer, diffId: digestOf('tar')}],
    });
  });

  it('gives records of all platforms, and of two the one that has layers', async () => {
    const world = new World();
    const bare = world.manifest(world.config({'tsbuild.cache.v1': [{...record, layers: []}]}));
    const whole = world.manifest(world.config({'tsbuild.cache.v1': [record]}));
    world.index([whole, bare]);
    const {documents} = await world.read();
    expect(parseRecord(key, documents.get(documentName(key)) ?? Buffer.of())).toHaveProperty(
      'layers.length',
      1,
    );
  });

  it('cannot have a layer that the image has not', async () => {
    const world = new World();
    const far = {...record, layers: [{at: 7, base: false, epochSeconds: 1, createdMs: 2}]};
    world.manifest(world.config({'tsbuild.cache.v1': [far]}), 'ci');
    const {documents} = await world.read();
    expect(parseRecord(key, documents.get(documentName(key)) ?? Buffer.of())).toHaveProperty('problem');
  });

  it('is told of when it has no records: a plain one, and caches of BuildKit in all their forms', async () => {
    const buildkit = {mediaType: 'application/vnd.buildkit.cacheconfig.v0', digest: digestOf('c'), size: 1};
    const plain = new World();
    plain.manifest(plain.config({}), 'ci');
    expect((await plain.read()).remark).toMatch(/^is an image without cache metadata/);
    const inline = new World();
    inline.manifest(inline.config({'moby.buildkit.cache.v0': 'W10='}), 'ci');
    const manifest = new World();
    manifest.manifest(buildkit, 'ci');
    const index = new World();
    index.index([layer, buildkit]);
    for (const world of [inline, manifest, index]) {
      expect((await world.read()).remark).toMatch(/^has a cache of BuildKit's.*nothing of it is used$/);
    }
  });

  it('may not be there, and then there is nothing to say', async () => {
    expect(await new World().read()).toEqual({documents: new Map()});
  });

  it('is refused when a platform has another manifest than the index says', async () => {
    const world = new World();
    world.manifest(world.config({}), digestOf('expected'));
    world.index([{mediaType: mediaTypes.manifest, digest: digestOf('expected'), size: 9}]);
    await expect(world.read()).rejects.toThrow('has other bytes');
  });
});
