// imagetools create with two real registries: what arrives is looked at through imagetools inspect and pull.

import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {digestOf} from '../../../../src/oci/digest.ts';
import {mediaTypes} from '../../../../src/oci/media-types.ts';
import {type PushedImage, startRegistry, type TestRegistry} from '../../../support/registry.ts';
import {type CommandRun, StoredImages} from '../../stored-images.ts';

const layers = (content: string) => [{entries: [{path: 'a', content}]}];
const arm64 = {os: 'linux', architecture: 'arm64'};

let near: TestRegistry | undefined;
let far: TestRegistry | undefined;
let stored: StoredImages;
let amd: PushedImage;
let arm: PushedImage;
beforeAll(async () => {
  near = await startRegistry();
  far = await startRegistry();
  stored = new StoredImages();
  if (near === undefined) return;
  amd = await near.pushImage({name: 'app', tag: 'amd', layers: layers('amd')});
  arm = await near.pushImage({name: 'app', tag: 'arm', layers: layers('arm'), platform: arm64});
});
afterAll(async () => {
  stored[Symbol.dispose]();
  await near?.close();
  await far?.close();
});

const create = (...args: string[]): Promise<CommandRun> => stored.run(['imagetools', 'create', ...args]);
const raw = async (name: string): Promise<string> =>
  (await stored.run(['imagetools', 'inspect', '--raw', name])).out;
const platformsOf = async (name: string): Promise<string[]> => {
  const {manifests} = JSON.parse(await raw(name)) as {manifests: {platform: {architecture: string}}[]};
  return manifests.map(({platform}) => platform.architecture);
};
const pulled = async (name: string, platform: string): Promise<number> =>
  (await stored.run(['pull', '--platform', platform, name])).code;

describe('imagetools create', () => {
  it('makes an index of manifests, whose platforms are in their configs', async (test) => {
    if (near === undefined) return test.skip();
    const [one, two] = [`${near.address}/app:both`, `${near.address}/app:second`];
    const metadata = join(stored.folder, 'metadata.json');
    const {code, out} = await create(
      ...['-t', one, '-t', two, '--annotation', 'index:who=me', '--annotation'],
      ...['manifest-descriptor[linux/arm64]:note=n', '--metadata-file', metadata],
      ...[amd.reference, arm.digest, amd.digest],
    );
    expect({code, out}).toEqual({code: 0, out: ''});
    expect(JSON.parse(await raw(one))).toMatchObject({
      mediaType: mediaTypes.index,
      annotations: {who: 'me'},
      manifests: [
        {digest: amd.digest, platform: {architecture: 'amd64', os: 'linux'}},
        {digest: arm.digest, platform: {architecture: 'arm64', os: 'linux'}, annotations: {note: 'n'}},
      ],
    });
    expect(await raw(two)).toBe(await raw(one));
    expect(JSON.parse(readFileSync(metadata, 'utf8'))).toMatchObject({
      'containerimage.digest': digestOf(await raw(one)),
      'image.name': `${one},${two}`,
    });
    expect(await pulled(one, 'linux/arm64')).toBe(0);
  });

  it('adds to what there is', async (test) => {
    if (near === undefined) return test.skip();
    const name = `${near.address}/app:grown`;
    expect((await create('-t', name, amd.reference)).code).toBe(0);
    expect(await platformsOf(name)).toEqual(['amd64']);
    expect((await create('--append', '-t', name, arm.reference)).code).toBe(0);
    expect(await platformsOf(name)).toEqual(['amd64', 'arm64']);
    expect((await create('--append', '-t', `${near.address}/app:none`, arm.reference)).err).toContain(
      'app:none: not found',
    );
  });

  it('brings what another repository or another registry lacks, every byte of it', async (test) => {
    if (near === undefined || far === undefined) return test.skip();
    const [moved, copied] = [`${near.address}/other/app:1`, `${far.address}/app:1`];
    const {code, err} = await create('-t', moved, '-t', copied, amd.reference, arm.reference);
    expect(code).toBe(0);
    expect(err).toContain(`is mounted in ${near.address}/other/app`);
    expect(await raw(copied)).toBe(await raw(moved));
    for (const name of [moved, copied]) {
      for (const platform of ['linux/amd64', 'linux/arm64']) expect(await pulled(name, platform)).toBe(0);
    }
  });

  it('copies a single index as it is, and a manifest where no index is preferred', async (test) => {
    if (near === undefined || far === undefined) return test.skip();
    const index = await near.pushImage({
      name: 'listed',
      layers: layers('l'),
      index: [{layers: layers('m'), platform: arm64}],
    });
    const copy = `${far.address}/listed:1`;
    expect((await create('-t', copy, index.reference)).code).toBe(0);
    expect(digestOf(await raw(copy))).toBe(index.digest);
    const single = `${far.address}/single:1`;
    expect((await create('--prefer-index=false', '-t', single, amd.reference)).code).toBe(0);
    expect(digestOf(await raw(single))).toBe(amd.digest);
    expect(await pulled(single, 'linux/amd64')).toBe(0);
  });

  it('takes platforms that are asked for, and no others are copied', async (test) => {
    if (near === undefined || far === undefined) return test.skip();
    const name = `${far.address}/arm-only:1`;
    const sources = [amd.reference, arm.reference];
    expect((await create('--platform', 'linux/arm64', '-t', name, ...sources)).code).toBe(0);
    expect(await platformsOf(name)).toEqual(['arm64']);
    const absent = await stored.run(['pull', `${far.address}/arm-only@${amd.digest}`]);
    expect(absent.err).toContain('not found');
    const both = await create('--dry-run', '-p', 'linux/arm64/v8, linux/amd64', ...sources);
    expect((JSON.parse(both.out) as {manifests: object[]}).manifests).toHaveLength(2);
    expect((await create('--platform=linux/s390x', '-t', name, ...sources)).err).toContain(
      'the sources have no image for linux/s390x',
    );
  });

  it('shows what it would push, also of descriptors in files', async (test) => {
    if (near === undefined) return test.skip();
    const file = join(stored.folder, 'descriptor.json');
    const platform = {os: 'linux', architecture: 'amd64', 'os.features': ['sse4']};
    writeFileSync(file, JSON.stringify({digest: amd.digest, platform}));
    const {out, code} = await create('--dry-run', '-f', file, arm.reference);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      manifests: [
        {mediaType: mediaTypes.manifest, digest: amd.digest, platform},
        {digest: arm.digest, platform: arm64},
      ],
    });
    writeFileSync(file, JSON.stringify({digest: amd.digest, size: 1}));
    expect((await create('--dry-run', '-f', file, arm.reference)).err).toContain('its descriptor says 1');
  });

  it.each([
    [['x'], 'imagetools create needs a name to push to'],
    [['-t', 'x'], 'imagetools create needs a SOURCE'],
    [['-t', 'x', '--annotation', 'a=b', 'y'], '--annotation a: there is no manifest to annotate'],
    [['-t', 'x', '--platform', 'a/b/c/d', 'y'], 'cannot parse platform specifier'],
    [['-t', `x@${digestOf('')}`, 'y'], 'has a digest'],
  ])('says what is wrong with %j', async (args, message) => {
    const {code, err} = await create(...args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
