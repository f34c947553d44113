// --load into a docker of our own making.

import type {IncomingMessage, ServerResponse} from 'node:http';
import {describe, expect, it} from 'vitest';
import {createExporter} from '../../../src/exporters/index.ts';
import {mediaTypes} from '../../../src/oci/media-types.ts';
import {containerdInfo, type FakeDocker, startFakeDocker} from '../../support/fake-docker.ts';
import {type Workshop, workshop} from '../fake-image.ts';
import {readArchive} from '../read-archive.ts';

/** Keeps what is sent, and says that it took it, unless there is something to complain of. */
function loading(archives: Buffer[], complaints: string[] = []) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    archives.push(Buffer.concat(chunks));
    response.end(`${JSON.stringify({error: complaints.shift()})}\n`);
  };
}

async function load(shop: Workshop, docker: FakeDocker): Promise<string | undefined> {
  const exporter = createExporter('docker', new Map(), ['docker.io/library/app:1']);
  await exporter.prepare?.({...shop.context, environment: {DOCKER_HOST: `unix://${docker.path}`}});
  let times = 0;
  // Another one each time it is made, as a time in it is.
  const attestations = async () => [
    {predicateType: 'https://example.com/seen/v1', predicate: {times: ++times}},
  ];
  const {imageDigest} = await exporter.export(await shop.built({attestations}), shop.context);
  return imageDigest;
}

const layersIn = async (archive: Buffer): Promise<number> =>
  (await readArchive(archive)).filter(({bytes}) => bytes.toString('hex').startsWith('1f8b')).length;

/** One image, which has the lower layer of the workshop's. */
async function holding(
  shop: Workshop,
): Promise<Record<string, readonly unknown[] | Record<string, unknown>>> {
  const {images} = await shop.built();
  const [base] = await images[0].layers(shop.context.signal);
  const id = `sha256:${'a'.repeat(64)}`;
  return {
    '/images/json': [{Id: id}],
    [`/images/${id}/json`]: {RootFS: {Layers: [base?.diffId]}},
  };
}

describe('--load', () => {
  it('gives docker with containerd the very image that is told of and in the local store', async () => {
    using shop = workshop();
    const archives: Buffer[] = [];
    await using docker = await startFakeDocker(loading(archives), {'/info': containerdInfo});
    const digest = await load(shop, docker);
    const members = await readArchive(archives[0] ?? Buffer.alloc(0));
    const index = members.find(({name}) => name === 'index.json')?.bytes.toString() ?? '';
    const {manifests} = JSON.parse(index) as {manifests: {digest: string}[]};
    expect(manifests.map((entry) => entry.digest)).toEqual([digest]);
    expect(shop.context.tagged.get('docker.io/library/app:1')?.digest).toBe(digest);
  });

  it.each([
    ['docker 20.10', {ServerVersion: '20.10.24+dfsg1'}, 'gzip'],
    ['docker 24', {ServerVersion: '24.0.7'}, 'zstd'],
    ['the service of podman', {ServerVersion: '4.3.1', BuildahVersion: '1.28.2'}, 'zstd'],
  ])('gives %s layers that it can read', async (_, info, expected) => {
    using shop = workshop();
    const archives: Buffer[] = [];
    await using docker = await startFakeDocker(loading(archives), {'/info': info});
    const built = await shop.built();
    const [image] = built.images;
    const layers: typeof image.layers = async (signal, wish) =>
      (await image.layers(signal)).map((layer) =>
        wish?.format?.compression === 'gzip' && wish.format.force
          ? layer
          : {...layer, descriptor: {...layer.descriptor, mediaType: mediaTypes.layerZstd}},
      );
    const exporter = createExporter('docker', new Map([['compression', 'zstd']]), [
      'docker.io/library/app:1',
    ]);
    await exporter.prepare?.({...shop.context, environment: {DOCKER_HOST: `unix://${docker.path}`}});
    await exporter.export({isList: false, images: [{...image, layers}]}, shop.context);
    const texts = (await readArchive(archives[0] ?? Buffer.alloc(0))).map(({bytes}) => bytes.toString());
    const manifest = texts.find((text) => text.includes('"layers":')) ?? '{}';
    const sent = (JSON.parse(manifest) as {layers: {mediaType: string}[]}).layers;
    expect(sent.map(({mediaType}) => mediaType.split('.').at(-1))).toEqual([expected, expected]);
    const isTold = shop.context.notes.some((note) => note.startsWith('layers are sent with gzip'));
    expect(isTold).toBe(expected === 'gzip');
  });

  it('leaves out the layers that are there, and says so', async () => {
    using shop = workshop();
    const archives: Buffer[] = [];
    await using docker = await startFakeDocker(loading(archives), await holding(shop));
    await load(shop, docker);
    expect(await Promise.all(archives.map(layersIn))).toEqual([1]);
    expect(shop.context.notes).toContain('1 of 2 layers were there');
  });

  it('sends all layers when docker misses one, and then does not say that some were there', async () => {
    using shop = workshop();
    const archives: Buffer[] = [];
    const complaining = loading(archives, ['no such layer']);
    await using docker = await startFakeDocker(complaining, await holding(shop));
    await load(shop, docker);
    expect(await Promise.all(archives.map(layersIn))).toEqual([1, 2]);
    expect(shop.context.notes.join()).not.toContain('layers were there');
  });

  it('sends all layers when docker does not say which it has', async () => {
    using shop = workshop();
    const archives: Buffer[] = [];
    await using docker = await startFakeDocker(loading(archives), {
      ...(await holding(shop)),
      '/images/json': (request: IncomingMessage) => void request.socket.destroy(),
    });
    await load(shop, docker);
    expect(await Promise.all(archives.map(layersIn))).toEqual([2]);
  });
});
