// What stands under the name of a cache in a registry: images with and without a cache inside, caches of BuildKit's in
// both of their forms, nothing at all, and answers that are not what was asked for.

import {describe, expect, it} from 'vitest';
import {
  ImageReader,
  placeInRegistry,
  type TaggedImage,
} from '../../../../src/cache/backends/registry/tagged-image.ts';
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

  manifest(
    config: object,
    name?: string,
    layers: readonly object[] = [layer],
  ): {mediaType: string; digest: string; size: number} {
    const text = JSON.stringify({schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers});
    this.manifests.set(name ?? digestOf(text), text);
    return {mediaType: mediaTypes.manifest, digest: digestOf(text), size: text.length};
  }

  index(manifests: readonly object[]): void {
    this.manifests.set('ci', JSON.stringify({schemaVersion: 2, mediaType: mediaTypes.index, manifests}));
  }

  read(asked: Reference = reference): Promise<TaggedImage> {
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
    return new ImageReader(placeInRegistry(client, asked, new AbortController().signal)).read();
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

  it('is told of when it has no records', async () => {
    const plain = new World();
    plain.manifest(plain.config({}), 'ci');
    expect((await plain.read()).remark).toMatch(/^is an image without cache metadata/);
  });

  it('may be a cache of BuildKit, in all its forms', async () => {
    const records = [{digest: 'sha256:d', layers: [{layer: 0}]}];
    const inline = new World();
    const member = Buffer.from(JSON.stringify(records)).toString('base64');
    inline.manifest(inline.config({'moby.buildkit.cache.v0': member}), 'ci');
    const text = JSON.stringify({layers: [{blob: layer.digest, parent: -1}], records});
    const mediaType = 'application/vnd.buildkit.cacheconfig.v0';
    const config = {mediaType, digest: digestOf(text), size: text.length};
    const told = {...layer, annotations: {'containerd.io/uncompressed': digestOf('tar')}};
    const manifest = new World();
    manifest.blobs.set(config.digest, text);
    manifest.manifest(config, 'ci', [told]);
    const index = new World();
    index.blobs.set(config.digest, text);
    index.index([told, config]);
    for (const world of [inline, manifest, index]) {
      const {documents, buildkit, remark} = await world.read();
      expect([documents.size, remark]).toEqual([0, undefined]);
      expect(buildkit).toMatchObject([{records: [{layers: [{blob: layer, diffId: digestOf('tar')}]}]}]);
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

  it('is refused when it has another digest than the name says', async () => {
    const world = new World();
    const digest = digestOf('expected');
    world.manifest(world.config({'tsbuild.cache.v1': [record]}), digest);
    await expect(world.read({domain: 'r.example', path: 'app', digest})).rejects.toThrow('has other bytes');
  });
});
