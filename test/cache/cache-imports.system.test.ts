// What is told of caches that gave nothing: what each of them said, and which is not asked any more.

import assert from 'node:assert';
import {describe, expect, it} from 'vitest';
import {CacheImports} from '../../src/cache/cache-imports.ts';
import {CacheSources} from '../../src/cache/cache-sources.ts';
import {documentName, formatRecord, type SharedRecord} from '../../src/cache/shared-record.ts';
import {digestOf} from '../../src/oci/digest.ts';
import {mediaTypes} from '../../src/oci/media-types.ts';
import type {Snapshotter} from '../../src/snapshot/snapshotter.ts';
import {formatVersion, keysOfIngredients} from '../../src/solver/keys.ts';
import {MemoryBackend} from '../support/memory-backend.ts';

const ingredients = {format: formatVersion, op: 'exec {}', inputs: ['image'], from: ['FROM image']};
const key = keysOfIngredients(ingredients.op, ingredients.inputs).definition;
const digest = digestOf('layer');
const whole: SharedRecord = {
  key,
  primary: key,
  ingredients,
  resultKey: 'a'.repeat(64),
  name: 'RUN x',
  usage: undefined,
  layers: [
    {
      diffId: digest as never,
      blob: {mediaType: mediaTypes.layerGzip, digest, size: 5},
      isBase: true,
      epochSeconds: 7,
      createdMs: 9,
    },
  ],
};

function world(): {backend: MemoryBackend; imports: CacheImports; warnings: string[]} {
  const backend = new MemoryBackend();
  const warnings: string[] = [];
  const imports = new CacheImports({
    backends: [backend],
    sources: new CacheSources({} as never),
    // No base image is known here.
    snapshotter: {importShared: async () => undefined} as unknown as Snapshotter,
    warn: ({message}) => warnings.push(message),
    signal: new AbortController().signal,
    patienceMs: 20,
    build: {
      targets: [],
      open: () => assert.fail(),
      rootDigestOf: () => assert.fail(),
      checksumsOf: () => assert.fail(),
    },
  });
  return {backend, imports, warnings};
}

describe('what a cache said of a step that was not found', () => {
  it('is nothing before it was asked, and then that it has no record', async () => {
    const {imports} = world();
    expect(imports.answersOf([key])).toEqual([]);
    await imports.find(key);
    expect(imports.answersOf([key])).toEqual(['cache memory has no record of it']);
  });

  it('is that it has a record of which nothing can be used here, whose key counts', async () => {
    const base = world();
    base.backend.documents.set(documentName(key), formatRecord(whole));
    expect(await base.imports.find(key)).toBeUndefined();
    expect(base.imports.answersOf([key])).toEqual([
      'cache memory has its record, on a base image that is not known here',
    ]);
    const bare = world();
    bare.backend.documents.set(documentName(key), formatRecord({...whole, layers: []}));
    expect(await bare.imports.find(key)).toBeUndefined();
    expect(bare.imports.answersOf([key])).toEqual(['cache memory has its record, and not its layers']);
    expect(bare.imports.told(key)?.resultKey).toBe(whole.resultKey);
    expect(bare.imports.mayHave(key), 'a result that is made anew gets another key').toBe(true);
  });

  it.each<[string, () => Promise<Uint8Array>, string]>([
    ['that cannot be reached', () => Promise.reject(new Error('connection refused')), 'connection refused'],
    ['that is silent', () => new Promise(() => {}), 'no answer in 0.02 s'],
    ['that gives garbage', async () => Buffer.from('<html>'), 'a record is no JSON'],
  ])('one %s is why it is not used, told once and not asked again', async (_, read, reason) => {
    const {backend, imports, warnings} = world();
    let asked = 0;
    backend.read = () => {
      asked++;
      return read();
    };
    await imports.find(key);
    await imports.find('b'.repeat(64));
    expect(asked).toBe(1);
    expect(warnings).toEqual([`cache memory is not used any more in this build: ${reason}`]);
    expect(imports.answersOf([key])).toEqual([`cache memory is not used: ${reason}`]);
  });
});
