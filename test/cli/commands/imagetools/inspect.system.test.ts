import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Digest, digestOf} from '../../../../src/oci/digest.ts';
import {mediaTypes} from '../../../../src/oci/media-types.ts';
import {type FakeRegistry, startFakeRegistry} from '../../../support/fake-registry.ts';
import {jsonBytes, type TestImage, testImage, testIndex} from '../../../support/test-image.ts';
import {type CommandRun, StoredImages} from '../../stored-images.ts';

let registry: FakeRegistry;
let stored: StoredImages;
let amd: TestImage;
let arm: TestImage;
let about: Digest;
beforeAll(async () => {
  registry = await startFakeRegistry();
  stored = new StoredImages();
  const config = {Env: ['A=1'], Labels: {team: 'blue'}};
  const layers = [{entries: [{path: 'a', content: 'a'}]}];
  amd = await testImage({layers, config});
  arm = await testImage({layers, platform: {os: 'linux', architecture: 'arm64'}});
  for (const image of [amd, arm]) registry.add(image, 'app');
  registry.addManifest('app', 'one', amd.manifest, mediaTypes.manifest);
  const {bytes, mediaType} = testIndex([amd.descriptor, arm.descriptor, attestation()]);
  registry.addManifest('app', 'all', bytes, mediaType);
});
afterAll(async () => {
  stored[Symbol.dispose]();
  await registry.close();
});

/** As BuildKit attaches provenance to the image for amd64. */
function attestation(): TestImage['descriptor'] {
  const statement = jsonBytes({_type: 'x', predicate: {buildType: 'mine'}});
  const layer = {
    mediaType: 'application/vnd.in-toto+json',
    digest: digestOf(statement),
    size: statement.length,
    annotations: {'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v1'},
  };
  const config = jsonBytes({});
  const configDescriptor = {mediaType: mediaTypes.config, digest: digestOf(config), size: config.length};
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: configDescriptor,
    layers: [layer],
  });
  about = digestOf(manifest);
  const descriptor = {
    mediaType: mediaTypes.manifest,
    digest: about,
    size: manifest.length,
    annotations: {
      'vnd.docker.reference.digest': amd.descriptor.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
    platform: {os: 'unknown', architecture: 'unknown'},
  };
  const blobs = new Map<Digest, Uint8Array>([
    [layer.digest, statement],
    [configDescriptor.digest, config],
  ]);
  registry.add({...amd, blobs, manifest, descriptor}, 'app');
  return descriptor;
}

const inspect = (tag: string, ...flags: string[]): Promise<CommandRun> =>
  stored.run(['imagetools', 'inspect', ...flags, `${registry.address}/app:${tag}`]);

describe('imagetools inspect', () => {
  it('shows an index with each of its entries, as buildx does', async () => {
    const {out, code} = await inspect('all');
    expect(code).toBe(0);
    const name = `${registry.address}/app`;
    expect(out).toBe(`Name:      ${name}:all
MediaType: application/vnd.oci.image.index.v1+json
Digest:    ${/Digest: {4}(\S+)/.exec(out)?.[1]}

Manifests:
  Name:      ${name}@${amd.descriptor.digest}
  MediaType: application/vnd.oci.image.manifest.v1+json
  Platform:  linux/amd64

  Name:      ${name}@${arm.descriptor.digest}
  MediaType: application/vnd.oci.image.manifest.v1+json
  Platform:  linux/arm64

  Name:      ${name}@${about}
  MediaType: application/vnd.oci.image.manifest.v1+json
  Platform:  unknown/unknown
  Annotations:
    vnd.docker.reference.digest: ${amd.descriptor.digest}
    vnd.docker.reference.type:   attestation-manifest
`);
  });

  it('shows a manifest in three lines, or byte for byte', async () => {
    expect((await inspect('one')).out).toBe(
      `Name:      ${registry.address}/app:one\nMediaType: ${mediaTypes.manifest}\nDigest:    ${amd.descriptor.digest}\n`,
    );
    expect((await inspect('one', '--raw')).out).toBe(Buffer.from(amd.manifest).toString());
  });

  it.each([
    [
      'one',
      '{{.Manifest.Digest}} {{.Manifest.Size}}',
      () => `${amd.descriptor.digest} ${amd.manifest.length}`,
    ],
    ['one', '{{json .Image.Config.Labels}}{{.Image.OS}}', () => '{"team":"blue"}linux'],
    ['one', '{{index .Image.Config.Env 0}} {{len .Image.RootFS.DiffIDs}}', () => 'A=1 1'],
    ['one', '{{json .Provenance}}', () => '{}'],
    ['all', '{{range .Manifest.Manifests}}{{.Platform.Architecture}} {{end}}', () => 'amd64 arm64 unknown '],
    ['all', '{{(index .Image "linux/arm64").Architecture}}', () => 'arm64'],
    ['all', '{{json (index .Provenance "linux/amd64").SLSA}}', () => '{"buildType":"mine"}'],
  ])('of %s with --format %s', async (tag, format, expected) => {
    expect(await inspect(tag, '--format', format)).toMatchObject({code: 0, out: `${expected()}\n`});
  });

  it('gives JSON with the members of the documents themselves', async () => {
    const document = JSON.parse((await inspect('one', '--format', '{{json .}}')).out) as object;
    expect(document).toEqual({
      name: `${registry.address}/app:one`,
      manifest: {
        mediaType: mediaTypes.manifest,
        digest: amd.descriptor.digest,
        size: amd.manifest.length,
      },
      image: JSON.parse(Buffer.from(amd.blobs.get(amd.config.digest) ?? '').toString()),
    });
  });

  it('asks for no config where none is looked at', async () => {
    registry.requests.length = 0;
    await inspect('all', '--format', '{{.Name}} {{.Manifest.MediaType}}');
    expect(registry.log).toEqual(['GET /v2/app/manifests/all']);
  });

  it('says what is not there, and what is no name', async () => {
    expect(await inspect('none')).toMatchObject({
      code: 1,
      err: expect.stringContaining('app:none: not found'),
    });
    expect((await stored.run(['imagetools', 'inspect'])).err).toContain('imagetools inspect needs one NAME');
    expect((await inspect('one', '--raw', '--format', 'x')).err).toContain(
      '--raw and --format exclude each other',
    );
  });
});
