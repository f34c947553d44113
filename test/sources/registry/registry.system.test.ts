// The client against a real registry, Debian's docker-registry.

import {afterAll, beforeAll, describe, expect, it, vi} from 'vitest';
import {emptyConfig} from '../../../src/config/config.ts';
import {BuildError} from '../../../src/diagnostics/build-error.ts';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import {layerCompressionOf} from '../../../src/oci/media-types.ts';
import {RegistryClient} from '../../../src/sources/registry/client.ts';
import {decompress} from '../../../src/sources/registry/decompress.ts';
import type {RegistryRequest} from '../../../src/sources/registry/session.ts';
import {startRegistry, type TestRegistry} from '../../support/registry.ts';
import {testImage} from '../../support/test-image.ts';

const amd64 = {os: 'linux', architecture: 'amd64'};
const armV7 = {os: 'linux', architecture: 'arm', variant: 'v7'};
const {signal} = new AbortController();

let registry: TestRegistry | undefined;
let client: RegistryClient;

beforeAll(async () => {
  registry = await startRegistry();
  client = new RegistryClient({config: emptyConfig, environment: {}});
});
afterAll(async () => {
  await client.close();
  await registry?.close();
});

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function tarOf(reference: string, layer: Descriptor): Promise<Uint8Array> {
  const kind = layerCompressionOf(layer.mediaType);
  if (kind === undefined) throw new Error(`${layer.mediaType} is no layer`);
  return bytesOf(decompress(kind, client.fetchBlob(reference, layer, signal)));
}

describe('an image in a registry', () => {
  it.for(['gzip', 'zstd', 'none'] as const)(
    'is found by tag and digest, its %s layers by digest',
    async (compression, test) => {
      if (registry === undefined) return test.skip();
      const content = Buffer.alloc(3_000_000, 'abc');
      const pushed = await registry.pushImage({
        name: `plain/${compression}`,
        tag: 'v1',
        config: {Env: ['A=b']},
        layers: [
          {
            compression,
            entries: [
              {path: 'etc', type: 'directory'},
              {path: 'etc/big', content},
            ],
          },
          {compression, entries: [{path: 'etc/link', type: 'symlink', linkTarget: 'big'}]},
        ],
      });
      const byTag = await client.resolve(pushed.reference, amd64, signal);
      expect(byTag.manifestDigest).toBe(pushed.digest);
      expect(byTag.manifest.layers).toEqual(pushed.images[0]?.layers);
      const name = `${registry.address}/plain/${compression}@${pushed.digest}`;
      expect((await client.resolve(name, amd64, signal)).manifestBytes).toEqual(byTag.manifestBytes);
      const config = await client.fetchSmall(pushed.reference, byTag.configDescriptor, signal);
      expect(JSON.parse(Buffer.from(config).toString())).toMatchObject({config: {Env: ['A=b']}});
      const tars = await Promise.all(byTag.manifest.layers.map((layer) => tarOf(pushed.reference, layer)));
      expect(tars.map((tar) => digestOf(tar))).toEqual(pushed.images[0]?.diffIds);
    },
  );

  it.for([false, true])('is chosen by platform (docker media types: %s)', async (docker, test) => {
    if (registry === undefined) return test.skip();
    const layers = [{entries: [{path: 'a', content: 'a'}]}];
    const pushed = await registry.pushImage({
      name: `multi/${docker}`,
      docker,
      layers,
      platform: armV7,
      index: [{layers, docker, platform: amd64}],
    });
    const arm = await client.resolve(pushed.reference, armV7, signal);
    expect([arm.rootDigest, arm.manifestDigest]).toEqual([
      pushed.digest,
      pushed.images[0]?.descriptor.digest,
    ]);
    const other = await client.resolve(pushed.reference, amd64, signal);
    expect(other.manifestDigest).toBe(pushed.images[1]?.descriptor.digest);
    await expect(
      client.resolve(pushed.reference, {os: 'linux', architecture: 's390x'}, signal),
    ).rejects.toThrow('no image for platform linux/s390x');
  });

  it('can be pushed with requests of the client', async (test) => {
    if (registry === undefined) return test.skip();
    const image = await testImage({layers: [{entries: [{path: 'a', content: Buffer.alloc(300_000, 'x')}]}]});
    const reference = `${registry.address}/pushed/a:v1`;
    const scope = 'repository:pushed/a:pull,push';
    for (const [digest, bytes] of image.blobs) {
      const opened = await client.send(reference, {
        method: 'POST',
        path: '/pushed/a/blobs/uploads/',
        scope,
        signal,
      });
      await opened.discard();
      const halves = [bytes.subarray(0, 100), bytes.subarray(100)];
      const put = await client.send(reference, {
        method: 'PUT',
        path: new URL(opened.headers['location'] ?? ''),
        query: {digest},
        headers: {'content-type': 'application/octet-stream', 'content-length': String(bytes.length)},
        body: async function* () {
          yield* halves;
        },
        scope,
        signal,
      });
      expect(put.status).toBe(201);
      await put.discard();
    }
    const put = await client.send(reference, {
      method: 'PUT',
      path: '/pushed/a/manifests/v1',
      headers: {'content-type': image.descriptor.mediaType},
      body: () => image.manifest,
      scope,
      signal,
    });
    await put.discard();
    const found = await client.resolve(reference, amd64, signal);
    expect(found.manifestDigest).toBe(image.descriptor.digest);
    expect(digestOf(await tarOf(reference, image.layers[0] as Descriptor))).toBe(image.diffIds[0]);
  });

  // So a push that was killed begins its blob again there, chunks or not.
  it('whose upload breaks within a request is forgotten, with all that came before', async (test) => {
    if (registry === undefined) return test.skip();
    const reference = `${registry.address}/broken/a:v1`;
    const bytes = Buffer.alloc(1024 * 1024);
    const ask = async (request: Pick<RegistryRequest, 'method' | 'path' | 'headers' | 'body'>) => {
      const scope = 'repository:broken/a:pull,push';
      const answer = await client.send(reference, {...request, scope, signal, attemptsMax: 1});
      await answer.discard();
      return {status: answer.status, at: new URL(answer.headers['location'] ?? answer.url)};
    };
    const chunk = (start: number, body: () => AsyncIterable<Uint8Array>, path: URL) => {
      const end = start + bytes.length;
      const headers = {'content-length': `${bytes.length}`, 'content-range': `${start}-${end - 1}`};
      return ask({method: 'PATCH', path, headers, body});
    };
    const opened = await ask({method: 'POST', path: '/broken/a/blobs/uploads/'});
    const whole = async function* () {
      yield bytes;
    };
    const first = await chunk(0, whole, opened.at);
    expect([first.status, (await ask({path: first.at})).status]).toEqual([202, 204]);
    const torn = async function* () {
      yield bytes.subarray(0, bytes.length / 2);
      throw new Error('killed');
    };
    await expect(chunk(bytes.length, torn, first.at)).rejects.toThrow();
    await vi.waitFor(async () => expect((await ask({path: first.at})).status).toBe(404), 5000);
  });

  it('that is not there is said to be so', async (test) => {
    if (registry === undefined) return test.skip();
    const error = await client
      .resolve(`${registry.address}/no/such:v1`, amd64, signal)
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(BuildError);
    expect(error).toMatchObject({kind: 'user', message: `${registry.address}/no/such:v1: not found`});
  });
});
