import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {ImageLayer} from '../../../src/exporters/exporter.ts';
import {createExporter} from '../../../src/exporters/index.ts';
import {mediaTypes} from '../../../src/oci/media-types.ts';
import {amd64, armV7, workshop} from '../fake-image.ts';
import {readArchive} from '../read-archive.ts';

describe('a docker archive', () => {
  it('for several platforms is refused before anything is built', async () => {
    using shop = workshop();
    const exporter = createExporter('docker', new Map([['dest', 'a.tar']]), []);
    await expect(exporter.prepare?.({...shop.context, platforms: [amd64, armV7]})).rejects.toThrow(
      'holds an image for one platform, and this build is for linux/amd64, linux/arm/v7',
    );
    await expect(exporter.prepare?.(shop.context)).resolves.toBeUndefined();
  });

  it('with layers of zstd warns that older dockers cannot load them', async () => {
    using shop = workshop();
    const built = await shop.built();
    const [image] = built.images;
    const mediaType = mediaTypes.layerZstd;
    const layers = async (): Promise<ImageLayer[]> =>
      (await image.layers(shop.context.signal)).map((layer) => ({
        ...layer,
        descriptor: {...layer.descriptor, mediaType},
      }));
    const options = new Map([['dest', 'a.tar']]);
    await createExporter('docker', options, []).export(
      {isList: false, images: [{...image, layers}]},
      shop.context,
    );
    const said = shop.context.notes.filter((note) => note.startsWith('exporter-docker-zstd'));
    expect(said).toEqual([
      'exporter-docker-zstd: the archive has 2 layers compressed with zstd, which docker before 23 cannot load',
    ]);
  });

  it("is a layout directory with tar=false, in docker's media types", async () => {
    using shop = workshop();
    const options = new Map([
      ['dest', 'layout'],
      ['tar', 'false'],
    ]);
    const result = await createExporter('docker', options, ['docker.io/library/app:1']).export(
      await shop.built(),
      shop.context,
    );
    const index = JSON.parse(readFileSync(join(shop.directory, 'layout/index.json'), 'utf8')) as {
      manifests: {digest: string; mediaType: string}[];
    };
    expect(index.manifests).toMatchObject([
      {digest: result.imageDigest, mediaType: 'application/vnd.docker.distribution.manifest.v2+json'},
    ]);
    expect(existsSync(join(shop.directory, 'layout/oci-layout'))).toBe(true);
  });

  it('has a manifest.json whose paths are in the archive', async () => {
    using shop = workshop();
    const tags = ['docker.io/library/app:1', 'docker.io/me/app:2', 'r.example:5000/app:latest'];
    await createExporter('docker', new Map([['dest', 'a.tar']]), tags).export(
      await shop.built(),
      shop.context,
    );
    const members = await readArchive(readFileSync(join(shop.directory, 'a.tar')));
    const names = members.map(({name}) => name);
    const text = members.find(({name}) => name === 'manifest.json')?.bytes.toString() ?? '';
    const [entry] = JSON.parse(text) as {Config: string; Layers: string[]; RepoTags: string[]}[];
    expect(entry?.RepoTags).toEqual(['app:1', 'me/app:2', 'r.example:5000/app:latest']);
    expect(entry?.Layers).toHaveLength(2);
    expect(names).toEqual(expect.arrayContaining([entry?.Config, ...(entry?.Layers ?? [])]));
    expect(names).toContain('oci-layout');
  });

  it("has docker's media types, which keep a HEALTHCHECK where OCI's lose it, unless OCI's are asked for", async () => {
    using shop = workshop();
    const typeOf = async (options: Record<string, string>): Promise<string | undefined> => {
      const given = new Map(Object.entries({dest: 'a.tar', ...options}));
      const {descriptor} = await createExporter('docker', given, []).export(await shop.built(), shop.context);
      return descriptor?.mediaType;
    };
    expect(await typeOf({})).toBe('application/vnd.docker.distribution.manifest.v2+json');
    expect(await typeOf({'oci-mediatypes': 'true'})).toBe('application/vnd.oci.image.manifest.v1+json');
    expect(await typeOf({'annotation.a': 'b'})).toBe('application/vnd.oci.image.manifest.v1+json');
    await expect(typeOf({'annotation.a': 'b', 'oci-mediatypes': '0'})).rejects.toThrow(
      'has no annotations with oci-mediatypes=false',
    );
  });

  it('without dest goes to the local store', async () => {
    using shop = workshop();
    const exporter = createExporter('docker', new Map(), ['docker.io/library/app:1']);
    const {descriptor} = await exporter.export(await shop.built(), shop.context);
    expect(shop.context.tagged.get('docker.io/library/app:1')).toEqual(descriptor);
  });
});
