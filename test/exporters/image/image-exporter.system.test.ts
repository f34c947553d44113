import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {createExporter} from '../../../src/exporters/index.ts';
import {type Digest, digestOf} from '../../../src/oci/digest.ts';
import type {ImageIndex, Manifest} from '../../../src/oci/manifest.ts';
import {amd64, armV7, workshop} from '../fake-image.ts';

describe('the image store', () => {
  it('gets config, manifest and a record for each name', async () => {
    using shop = workshop();
    const tags = ['docker.io/library/a:1', 'docker.io/library/b:1'];
    const result = await createExporter('image', new Map(), tags).export(await shop.built(), shop.context);
    expect([...shop.context.tagged.keys()]).toEqual(tags);
    expect(shop.context.tagged.get(tags[0] ?? '')).toEqual(result.descriptor);
    const stored = async (digest: Digest): Promise<Digest> =>
      digestOf(readFileSync(await shop.context.blobs.path(digest)));
    for (const digest of [result.imageDigest, result.configDigest]) {
      if (digest === undefined) throw new Error('no digest');
      expect(await stored(digest)).toBe(digest);
    }
  });

  it('gets the index of a list, which the names lead to', async () => {
    using shop = workshop();
    const tag = 'docker.io/library/a:1';
    const built = await shop.list([armV7, amd64]);
    const result = await createExporter('image', new Map(), [tag]).export(built, shop.context);
    expect(result.configDigest).toBeUndefined();
    expect(result.descriptor?.mediaType).toBe('application/vnd.oci.image.index.v1+json');
    expect(shop.context.tagged.get(tag)?.digest).toBe(result.imageDigest);
    const read = async (digest: Digest | undefined): Promise<unknown> =>
      JSON.parse(readFileSync(await shop.context.blobs.path(digest ?? digestOf('')), 'utf8'));
    const {manifests} = (await read(result.imageDigest)) as ImageIndex;
    expect(manifests.map(({platform}) => platform)).toEqual([armV7, amd64]);
    for (const {digest, platform} of manifests) {
      const {config} = (await read(digest)) as Manifest;
      expect(await read(config.digest)).toMatchObject({...platform});
    }
  });

  it('keeps an image without a name under its digest', async () => {
    using shop = workshop();
    const {imageDigest} = await createExporter('image', new Map(), []).export(
      await shop.built(),
      shop.context,
    );
    expect([...shop.context.tagged.keys()]).toEqual([`<none>@${imageDigest}`]);
  });

  it('takes names from name= instead of -t', async () => {
    using shop = workshop();
    const exporter = createExporter('image', new Map([['name', 'x, y:2']]), ['docker.io/library/a:1']);
    await exporter.export(await shop.built(), shop.context);
    expect([...shop.context.tagged.keys()]).toEqual(['docker.io/library/x:latest', 'docker.io/library/y:2']);
  });
});
