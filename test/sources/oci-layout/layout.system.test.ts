// OCI layouts as images: what an address means, and that nothing is believed unverified.

import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import {type Digest, digestOf, hexOf} from '../../../src/oci/digest.ts';
import {importLayout, parseLayoutAddress, rootDigestOf} from '../../../src/sources/oci-layout/layout.ts';
import {SourceWorld} from '../../support/source-world.ts';
import {jsonBytes, type TestImage, testImage, testIndex} from '../../support/test-image.ts';

const {signal} = new AbortController();
const amd64 = {os: 'linux', architecture: 'amd64'};
const arm64 = {os: 'linux', architecture: 'arm64'};
let world: SourceWorld;
let directory: string;

beforeEach(() => {
  world = new SourceWorld();
  directory = mkdtempSync(join(tmpdir(), 'tsbuild-layout-'));
  mkdirSync(join(directory, 'blobs', 'sha256'), {recursive: true});
});
afterEach(() => {
  rmSync(directory, {recursive: true, force: true});
  world[Symbol.dispose]();
});

function putBlob(digest: Digest, bytes: Uint8Array): void {
  writeFileSync(join(directory, 'blobs', 'sha256', hexOf(digest)), bytes);
}

function put(image: TestImage): void {
  putBlob(image.descriptor.digest, image.manifest);
  for (const [digest, bytes] of image.blobs) putBlob(digest, bytes);
}

function writeIndex(entries: readonly (readonly [Descriptor, string?])[]): void {
  const manifests = entries.map(([descriptor, name]) => ({
    ...descriptor,
    ...(name === undefined ? {} : {annotations: {'org.opencontainers.image.ref.name': name}}),
  }));
  writeFileSync(join(directory, 'index.json'), testIndex(manifests).bytes);
}

function image(text: string, platform = amd64): Promise<TestImage> {
  return testImage({layers: [{entries: [{path: 'a', content: text}]}], platform});
}

async function problemOf(work: Promise<unknown>): Promise<{message: string; hints: string}> {
  const error = (await work.catch((reason: unknown) => reason)) as {
    message: string;
    diagnostics: {hints?: string[]}[];
  };
  expect(error).toMatchObject({name: 'BuildError', kind: 'user'});
  return {message: error.message, hints: error.diagnostics[0]?.hints?.join() ?? ''};
}

describe('an address', () => {
  const digest = digestOf('x');
  it.each([
    ['oci-layout://dir', {directory: 'dir'}],
    ['oci-layout:///a/b:v1', {directory: '/a/b', tag: 'v1'}],
    ['oci-layout://a:b/c', {directory: 'a:b/c'}],
    [`oci-layout://dir@${digest}`, {directory: 'dir', digest}],
    [`oci-layout://dir:v1@${digest}`, {directory: 'dir', tag: 'v1', digest}],
  ])('%s', (text, address) => {
    expect(parseLayoutAddress(text)).toEqual(address);
  });

  it.each(['oci-layout://', 'oci-layout://dir:', 'oci-layout://dir@sha256:1'])('%s is malformed', (text) => {
    expect(parseLayoutAddress(text)).toHaveProperty('problem');
  });
});

describe('the image that is meant', () => {
  it('has the tag, alone or at the end of a whole name', async () => {
    const [one, two] = [await image('1'), await image('2')];
    writeIndex([
      [one.descriptor, 'v1'],
      [two.descriptor, 'docker.io/library/app:latest'],
    ]);
    expect(await rootDigestOf({directory, tag: 'v1'})).toBe(one.descriptor.digest);
    expect(await rootDigestOf({directory})).toBe(two.descriptor.digest);
  });

  it('is the only one when no tag is asked for', async () => {
    const {descriptor} = await image('1');
    writeIndex([[descriptor]]);
    expect(await rootDigestOf({directory})).toBe(descriptor.digest);
  });

  it('is not guessed', async () => {
    const {descriptor} = await image('1');
    writeIndex([[descriptor, 'v1']]);
    expect(await problemOf(rootDigestOf({directory, tag: 'v2'}))).toEqual({
      message: `OCI layout ${directory} has no image v2`,
      hints: 'it has v1',
    });
  });

  it('is not in a directory that is no layout', async () => {
    expect((await problemOf(rootDigestOf({directory}))).message).toMatch(/is no OCI layout/);
    writeFileSync(join(directory, 'index.json'), 'no json');
    expect((await problemOf(rootDigestOf({directory}))).message).toMatch(/its index\.json is no image index/);
  });
});

describe('taking an image in', () => {
  const take = (root: Digest, platform = amd64): Promise<Digest> =>
    importLayout(directory, root, platform, world.blobs, 'app', signal);

  it('takes manifest, config and layers of the platform, and nothing else', async () => {
    const [one, two] = [await image('1'), await image('2', arm64)];
    put(one);
    put(two);
    const index = testIndex([one.descriptor, two.descriptor]);
    const root = digestOf(index.bytes);
    putBlob(root, index.bytes);
    expect(await take(root, arm64)).toBe(two.descriptor.digest);
    const stored = [];
    for await (const {digest} of world.blobs.list()) stored.push(digest);
    expect(stored.sort()).toEqual([two.descriptor.digest, ...two.blobs.keys()].sort());
  });

  it('says which platforms there are', async () => {
    const {descriptor, ...rest} = await image('1', arm64);
    put({descriptor, ...rest});
    const index = testIndex([descriptor]);
    putBlob(digestOf(index.bytes), index.bytes);
    const {message, hints} = await problemOf(take(digestOf(index.bytes)));
    expect(`${message}; ${hints}`).toMatch(/no image for platform linux\/amd64; it has linux\/arm64/);
  });

  it('believes no blob', async () => {
    const one = await image('1');
    for (const [digest, bytes] of [[one.descriptor.digest, one.manifest] as const, ...one.blobs]) {
      put(one);
      putBlob(digest, Buffer.concat([bytes, Buffer.from(' ')]));
      expect((await problemOf(take(one.descriptor.digest))).message).toContain(
        `OCI layout ${directory}: blob ${digest}`,
      );
    }
  });

  it('misses a blob', async () => {
    const one = await image('1');
    put(one);
    const layer = one.layers[0]?.digest as Digest;
    rmSync(join(directory, 'blobs', 'sha256', hexOf(layer)));
    expect((await problemOf(take(one.descriptor.digest))).message).toBe(
      `OCI layout ${directory}: blob ${layer} is missing`,
    );
  });

  it('takes no manifest for one that is none', async () => {
    const bytes = jsonBytes({schemaVersion: 2});
    putBlob(digestOf(bytes), bytes);
    expect((await problemOf(take(digestOf(bytes)))).message).toMatch(/no valid manifest/);
  });
});
