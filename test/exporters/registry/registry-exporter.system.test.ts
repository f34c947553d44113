// Images into registries: of one platform and of several, under names and without, with layers that are only elsewhere.

import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {createExporter} from '../../../src/exporters/index.ts';
import type {ImageIndex} from '../../../src/oci/manifest.ts';
import {startUploadRegistry, type UploadRegistry} from '../../support/upload-registry.ts';
import {amd64, armV7, workshop} from '../fake-image.ts';

let registry: UploadRegistry;
beforeEach(async () => {
  registry = await startUploadRegistry();
});
afterEach(() => registry.close());
const name = (rest: string): string => `${registry.address}/${rest}`;

describe('type=registry', () => {
  it('pushes under every name, each repository once, and stores nothing', async () => {
    using shop = workshop();
    const tags = [name('a:1'), name('a:2'), name('b:1')];
    const {imageDigest} = await createExporter('registry', new Map(), tags).export(
      await shop.built(),
      shop.context,
    );
    const names = ['a 1', 'a 2', 'b 1'].flatMap((one) => [one, `${one.split(' ')[0]} ${imageDigest}`]);
    expect([...registry.manifests.keys()].sort()).toEqual([...new Set(names)].sort());
    expect(registry.blobs.size).toBe(6);
    expect(shop.context.tagged.size).toBe(0);
    expect(shop.context.notes).toContain(`pushed manifest for ${name('b:1')}@${imageDigest}`);
  });

  it('pushes what an index lists before the index', async () => {
    using shop = workshop();
    const {imageDigest} = await createExporter('registry', new Map(), [name('a:1')]).export(
      await shop.list([amd64, armV7]),
      shop.context,
    );
    const index = JSON.parse(String(registry.manifests.get('a 1')?.bytes)) as ImageIndex;
    const digests = index.manifests.map(({digest}) => `a ${digest}`);
    expect([...registry.manifests.keys()]).toEqual([...digests, 'a 1', `a ${imageDigest}`]);
  });

  it('asks for a layer that is only in another repository there, and downloads it only when there is none', async () => {
    using shop = workshop();
    const built = await shop.built();
    const layers = await built.images[0].layers(shop.context.signal);
    let fetched = 0;
    const remote = {source: name('base:1'), fetch: async () => void fetched++};
    const lazily = await shop.built({layers: async () => layers.map((layer) => ({...layer, remote}))});
    for (const {descriptor} of layers) registry.blobs.set(`base ${descriptor.digest}`, Buffer.from('layer'));
    await createExporter('registry', new Map(), [name('a:1')]).export(lazily, shop.context);
    expect([fetched, registry.blobs.get(`a ${layers[0]?.descriptor.digest}`)?.toString()]).toEqual([
      0,
      'layer',
    ]);
    registry.mounts = false;
    await createExporter('registry', new Map(), [name('c:1')]).export(lazily, shop.context);
    expect(fetched).toBe(2);
    expect(registry.blobs.get(`c ${layers[0]?.descriptor.digest}`)?.length).toBe(layers[0]?.descriptor.size);
  });

  it('needs a name', () => {
    expect(() => createExporter('registry', new Map(), [])).toThrow('needs a name to push to');
  });
});

describe('type=image', () => {
  const create = (options: Record<string, string>, tags: readonly string[] = []) =>
    createExporter('image', new Map(Object.entries({push: 'true', ...options})), tags);

  it('pushes and stores', async () => {
    using shop = workshop();
    await create({}, [name('a:1')]).export(await shop.built(), shop.context);
    expect([...registry.manifests.keys()][0]).toBe('a 1');
    expect([...shop.context.tagged.keys()]).toEqual([name('a:1')]);
  });

  it('pushes by digest without a tag', async () => {
    using shop = workshop();
    const exporter = create({'push-by-digest': 'true', 'name-canonical': 'true', name: name('a')});
    const {imageDigest} = await exporter.export(await shop.built(), shop.context);
    expect([...registry.manifests.keys()]).toEqual([`a ${imageDigest}`]);
    expect([...shop.context.tagged.keys()]).toEqual([`${name('a')}@${imageDigest}`]);
  });

  it('pushes no tag by digest', () => {
    expect(() => create({'push-by-digest': 'true', name: name('a:1')})).toThrow(
      /cannot push .*a:1 by digest/,
    );
  });

  it('must do something', () => {
    expect(() => create({push: 'false', store: 'false'})).toThrow('neither pushes nor stores');
  });

  it('is called by a prefix where it has no name', async () => {
    using shop = workshop();
    const exporter = create({push: 'false', 'dangling-name-prefix': 'nightly'});
    const {imageDigest} = await exporter.export(await shop.built(), shop.context);
    expect([...shop.context.tagged.keys()]).toEqual([`nightly@${imageDigest}`]);
  });
});
