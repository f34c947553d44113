// Names to manifests, against a registry in this process.

import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type Digest, digestOf} from '../../../src/oci/digest.ts';
import {mediaTypes} from '../../../src/oci/media-types.ts';
import {type FakeRegistry, startFakeRegistry} from '../../support/fake-registry.ts';
import {jsonBytes, type TestImageInput, testImage, testIndex} from '../../support/test-image.ts';
import {amd64, failed, rig, signal} from './rig.ts';

const layers = [{entries: [{path: 'a', content: 'a'}]}];
const arm64 = {os: 'linux', architecture: 'arm64'};
const armV7 = {os: 'linux', architecture: 'arm', variant: 'v7'};
const on = (platform: TestImageInput['platform'] & object): TestImageInput => ({layers, platform});

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await startFakeRegistry();
});
afterEach(() => registry.close());

const name = (rest: string): string => `${registry.address}/${rest}`;

describe('a manifest', () => {
  it('is had by its tag, without an index whatever its platform is', async () => {
    const image = await registry.addImage('a/b', 'v1', on(arm64));
    const found = await rig().client.resolve(name('a/b:v1'), amd64, signal);
    expect(found).toMatchObject({
      reference: name('a/b:v1'),
      rootDigest: image.descriptor.digest,
      manifestDigest: image.descriptor.digest,
      mediaType: mediaTypes.manifest,
      configDescriptor: image.config,
    });
    expect(found.manifest.layers).toEqual(image.layers);
    expect(Buffer.compare(found.manifestBytes, image.manifest)).toBe(0);
    expect(registry.log).toEqual(['GET /v2/a/b/manifests/v1']);
    expect(registry.requests[0]?.headers['accept']).toContain(mediaTypes.index);
  });

  it('is taken by digest before tag', async () => {
    const image = await registry.addImage('a', 'v1', on(amd64));
    const {digest} = image.descriptor;
    const found = await rig().client.resolve(name(`a:other@${digest}`), amd64, signal);
    expect(found.manifestDigest).toBe(digest);
    expect(registry.log).toEqual([`GET /v2/a/manifests/${digest}`]);
  });

  it('may lack its media type in the document and in the header', async () => {
    const image = await testImage(on(amd64));
    registry.add(image, 'a');
    const bytes = jsonBytes({schemaVersion: 2, config: image.config, layers: image.layers});
    registry.addManifest('a', 'bare', bytes, 'application/octet-stream');
    const found = await rig().client.resolve(name('a:bare'), amd64, signal);
    expect(found.mediaType).toBe(mediaTypes.manifest);
  });
});

describe('of an index', () => {
  it('the best platform that runs is taken', async () => {
    const [v6, v7, wide] = await registry.addIndex('a', 'v1', [
      on({os: 'linux', architecture: 'arm', variant: 'v6'}),
      on(armV7),
      on(amd64),
    ]);
    const {client} = rig();
    const resolved = async (platform: typeof amd64): Promise<string> =>
      (await client.resolve(name('a:v1'), platform, signal)).manifestDigest;
    expect(await resolved(armV7)).toBe(v7?.descriptor.digest);
    expect(await resolved({...armV7, variant: 'v6'} as typeof amd64)).toBe(v6?.descriptor.digest);
    expect(await resolved(amd64)).toBe(wide?.descriptor.digest);
    expect(await resolved(arm64)).toBe(v7?.descriptor.digest);
  });

  it('the digest is told beside that of the manifest', async () => {
    const [image] = await registry.addIndex('a', 'v1', [on(amd64)]);
    const found = await rig().client.resolve(name('a:v1'), amd64, signal);
    expect(found.rootDigest).toBe(digestOf(testIndex([image?.descriptor ?? fail()]).bytes));
    expect(found.manifestDigest).toBe(image?.descriptor.digest);
  });

  it('attestations are no images', async () => {
    const image = await testImage(on(amd64));
    const attestation = {
      ...(await testImage({layers, config: {User: 'x'}})).descriptor,
      platform: {os: 'unknown', architecture: 'unknown'},
      annotations: {'vnd.docker.reference.type': 'attestation-manifest'},
    };
    registry.add(image, 'a');
    const index = testIndex([attestation, image.descriptor]);
    registry.addManifest('a', 'v1', index.bytes, index.mediaType);
    const {client} = rig();
    expect((await client.resolve(name('a:v1'), amd64, signal)).manifestDigest).toBe(image.descriptor.digest);
    expect(await failed(client.resolve(name('a:v1'), arm64, signal))).toMatchObject({
      kind: 'user',
      code: 'registry-no-platform',
      message: `${name('a:v1')}: no image for platform linux/arm64`,
      hints: 'it has linux/amd64; choose one with --platform',
    });
  });

  it('an entry that does not say its platform is asked for it', async () => {
    const images = [await testImage(on(arm64)), await testImage(on(amd64))];
    for (const image of images) registry.add(image, 'a');
    const index = testIndex(images.map(({descriptor: {platform: _, ...rest}}) => rest));
    registry.addManifest('a', 'v1', index.bytes, index.mediaType);
    const {client} = rig();
    const found = await client.resolve(name('a:v1'), amd64, signal);
    expect(found.manifestDigest).toBe(images[1]?.descriptor.digest);
    expect(
      (await failed(client.resolve(name('a:v1'), {os: 'linux', architecture: 's390x'}, signal))).hints,
    ).toBe('it has linux/arm64, linux/amd64; choose one with --platform');
  });

  it('another index is looked into', async () => {
    const image = await testImage(on(amd64));
    registry.add(image, 'a');
    const inner = testIndex([image.descriptor]);
    registry.addManifest('a', 'inner', inner.bytes, inner.mediaType);
    const outer = testIndex([
      {mediaType: inner.mediaType, digest: digestOf(inner.bytes), size: inner.bytes.length},
    ]);
    registry.addManifest('a', 'v1', outer.bytes, outer.mediaType);
    const found = await rig().client.resolve(name('a:v1'), amd64, signal);
    expect(found.manifestDigest).toBe(image.descriptor.digest);
  });

  it('with nothing in it says so', async () => {
    const {bytes, mediaType} = testIndex([]);
    registry.addManifest('a', 'v1', bytes, mediaType);
    expect((await failed(rig().client.resolve(name('a:v1'), amd64, signal))).hints).toBe(
      'it holds no images at all',
    );
  });
});

describe('what is known here', () => {
  it('is not fetched again: a tag costs a HEAD, a digest nothing', async () => {
    const [image] = await registry.addIndex('a', 'v1', [on(amd64)]);
    const known = new Map<string, Uint8Array>();
    const {client} = rig({known: async (digest: Digest) => known.get(digest)});
    const first = await client.resolve(name('a:v1'), amd64, signal);
    expect(registry.log).toEqual([
      'HEAD /v2/a/manifests/v1',
      `GET /v2/a/manifests/${first.rootDigest}`,
      `GET /v2/a/manifests/${first.manifestDigest}`,
    ]);
    known.set(first.rootDigest, testIndex([image?.descriptor ?? fail()]).bytes);
    known.set(first.manifestDigest, first.manifestBytes);
    registry.requests.length = 0;
    expect(await client.resolve(name('a:v1'), amd64, signal)).toEqual(first);
    expect(registry.log).toEqual(['HEAD /v2/a/manifests/v1']);
    await client.resolve(name(`a@${first.rootDigest}`), amd64, signal);
    expect(registry.log).toEqual(['HEAD /v2/a/manifests/v1']);
  });

  it('does not depend on a registry that tells digests', async () => {
    registry.tellsDigests = false;
    const image = await registry.addImage('a', 'v1', on(amd64));
    const {client} = rig({known: async () => undefined});
    expect((await client.resolve(name('a:v1'), amd64, signal)).manifestDigest).toBe(image.descriptor.digest);
    expect(registry.log).toEqual(['HEAD /v2/a/manifests/v1', 'GET /v2/a/manifests/v1']);
  });
});

describe('a manifest that cannot be had', () => {
  it('is not found', async () => {
    expect(await failed(rig().client.resolve(name('a:v1'), amd64, signal))).toMatchObject({
      kind: 'user',
      code: 'registry-not-found',
      message: `${name('a:v1')}: not found`,
    });
    expect(registry.log).toEqual(['GET /v2/a/manifests/v1']);
  });

  it('has another digest than was asked for', async () => {
    const image = await registry.addImage('a', 'v1', on(amd64));
    registry.fault = () => ({type: 'corrupt'});
    const {digest} = image.descriptor;
    expect(await failed(rig().client.resolve(name(`a@${digest}`), amd64, signal))).toMatchObject({
      kind: 'environment',
      code: 'registry-wrong-digest',
      message: expect.stringMatching(/gave a manifest of digest sha256:.* for sha256:/),
    });
  });

  it('has another digest than the registry says', async () => {
    await registry.addImage('a', 'v1', on(amd64));
    registry.fault = () => ({type: 'corrupt'});
    expect(await failed(rig().client.resolve(name('a:v1'), amd64, signal))).toMatchObject({
      code: 'registry-wrong-digest',
    });
  });

  it.each([
    [
      'is of schema 1',
      {schemaVersion: 1, fsLayers: []},
      'user',
      'its manifest is of schema 1, which is not supported',
    ],
    ['is no manifest', {hello: 1}, 'environment', 'gave no valid manifest: schemaVersion is undefined'],
  ])('%s', async (_, document, kind, message) => {
    registry.addManifest('a', 'v1', jsonBytes(document), mediaTypes.manifest);
    expect(await failed(rig().client.resolve(name('a:v1'), amd64, signal))).toMatchObject({
      kind,
      message: expect.stringContaining(message),
    });
  });

  it('is endless', async () => {
    registry.addManifest('a', 'v1', new Uint8Array(5_000_000), mediaTypes.manifest);
    expect((await failed(rig().client.resolve(name('a:v1'), amd64, signal))).message).toContain(
      'the answer has more than 4194304 bytes',
    );
  });

  it('has a name that is none', async () => {
    expect(await failed(rig().client.resolve('A/b:', amd64, signal))).toMatchObject({
      kind: 'user',
      message: '"A/b:": invalid reference format',
    });
  });

  it('has indexes in indexes without end', async () => {
    let inner = testIndex([]);
    for (let depth = 0; depth < 5; depth++) {
      registry.addManifest('a', 'v1', inner.bytes, inner.mediaType);
      inner = testIndex([
        {mediaType: inner.mediaType, digest: digestOf(inner.bytes), size: inner.bytes.length},
      ]);
    }
    expect((await failed(rig().client.resolve(name('a:v1'), amd64, signal))).message).toContain(
      'indexes nested deeper than 3',
    );
  });
});

function fail(): never {
  throw new Error('no image');
}
