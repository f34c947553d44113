// A name that is an image here and perhaps one in a registry: the one that is here comes first, and the other is asked
// for what that does not have, as long as it answers.

import assert from 'node:assert';
import {describe, expect, it} from 'vitest';
import type {CacheBackend} from '../../../../src/cache/backends/backend.ts';
import {createBackend} from '../../../../src/cache/backends/index.ts';
import {documentName} from '../../../../src/cache/shared-record.ts';
import {type Digest, digestOf} from '../../../../src/oci/digest.ts';
import {mediaTypes} from '../../../../src/oci/media-types.ts';
import {formatVersion, keysOfIngredients} from '../../../../src/solver/keys.ts';

const {signal} = new AbortController();
const key = keysOfIngredients('exec {}', []).definition;
const record = {
  ...{format: 1, key, primary: key, keyFormat: formatVersion, op: 'exec {}', inputs: [], from: []},
  ...{resultKey: key, name: 'RUN x', layers: []},
};

/** `members` are of the config of an image that is here; undefined: there is none. */
function backend(
  members: object | undefined,
  lost?: (image: {readonly config: Digest}) => Digest,
): {readonly backend: CacheBackend; asked: number} {
  const blobs = new Map<Digest, string>();
  const put = (value: object, mediaType: string) => {
    const text = JSON.stringify(value);
    blobs.set(digestOf(text), text);
    return {mediaType, digest: digestOf(text), size: text.length};
  };
  const rootfs = {type: 'layers', diff_ids: []};
  const image = {os: 'linux', architecture: 'amd64', config: {}, rootfs, ...members};
  const config = put(image, mediaTypes.config);
  const root = put({schemaVersion: 2, config, layers: []}, mediaTypes.manifest);
  if (lost !== undefined) blobs.delete(lost({config: config.digest}));
  const world = {asked: 0};
  const opened = createBackend(
    'registry',
    new Map([['ref', 'app']]),
    {
      http: () => assert.fail(),
      registry: async () => {
        world.asked++;
        throw new Error('connection refused');
      },
      storedImages: {
        rootOf: async (name) =>
          members !== undefined && name === 'docker.io/library/app:latest' ? root : undefined,
        has: async (digest) => blobs.has(digest),
        read: async (digest) => Buffer.from(blobs.get(digest) ?? assert.fail(`no blob ${digest}`)),
      },
      environment: {},
      workingDirectory: '/',
    },
    'from',
  );
  return Object.assign(world, {backend: opened});
}

describe('the cache of an image that is here', () => {
  it('is read without its registry', async () => {
    const world = backend({'tsbuild.cache.v1': [record]});
    const bytes = await world.backend.read(documentName(key), signal);
    expect(JSON.parse(Buffer.from(bytes ?? []).toString())).toMatchObject({key});
    expect(world.asked).toBe(0);
  });

  it('has the registry asked for the rest, once if it does not answer, and nothing is told of that', async () => {
    const world = backend({'tsbuild.cache.v1': [record]});
    expect(await world.backend.read('r-other', signal)).toBeUndefined();
    expect(await world.backend.read('r-another', signal)).toBeUndefined();
    expect(await world.backend.buildkit?.(signal)).toEqual([]);
    expect(world.asked).toBe(1);
    expect(world.backend.remark?.()).toBeUndefined();
  });

  it('that is here in part only has its registry asked as if it were not here', async () => {
    const world = backend({}, ({config}) => config);
    await expect(world.backend.read('r-other', signal)).rejects.toThrow('connection refused');
  });

  it('is missed in one sentence where it has none', async () => {
    const world = backend({});
    expect(await world.backend.read('r-other', signal)).toBeUndefined();
    expect(world.backend.remark?.()).toMatch(/^is an image without cache metadata/);
  });

  it('is no reason to keep silent about a registry when there is no such image', async () => {
    await expect(backend(undefined).backend.read('r-other', signal)).rejects.toThrow('connection refused');
  });
});
