import {describe, expect, it} from 'vitest';
import {formatRecord, parseRecord, primaryKeyOf, type SharedRecord} from '../../src/cache/shared-record.ts';
import {digestOf} from '../../src/oci/digest.ts';
import {mediaTypes} from '../../src/oci/media-types.ts';
import {formatVersion, keysOfIngredients} from '../../src/solver/keys.ts';

const ingredients = {format: formatVersion, op: 'exec {}', inputs: ['image x'], from: ['FROM x']};
const {definition, content} = keysOfIngredients(ingredients.op, ingredients.inputs);
const digest = digestOf('layer');
const record: SharedRecord = {
  key: definition,
  primary: definition,
  ingredients,
  resultKey: definition,
  name: 'RUN',
  usage: {wallMs: 1.5, cpuMs: 1, memoryBytes: 2, readBytes: 0, writtenBytes: 0},
  layers: [
    {
      diffId: digest as never,
      blob: {mediaType: mediaTypes.layerGzip, digest, size: 5},
      isBase: false,
      epochSeconds: 7,
      createdMs: 9,
    },
  ],
};

const layerJson = {
  diffId: digest,
  mediaType: mediaTypes.layerGzip,
  digest,
  size: 5,
  epochSeconds: 7,
  createdMs: 9,
};

function altered(change: Readonly<Record<string, unknown>>): unknown {
  const json: unknown = JSON.parse(new TextDecoder().decode(formatRecord(record)));
  return parseRecord(definition, Buffer.from(JSON.stringify({...(json as object), ...change})));
}

describe('a record for other machines', () => {
  it('is read as it was written', () => {
    expect(parseRecord(definition, formatRecord(record))).toEqual(record);
  });

  it('without layers tells the key of the result', () => {
    const told = {...record, layers: []};
    expect(parseRecord(definition, formatRecord(told))).toEqual(told);
  });

  it('may have a second name, if its first one follows from its ingredients', () => {
    const second = {...record, key: 'f'.repeat(64), primary: content};
    expect(primaryKeyOf(second.key, ingredients)).toBe(content);
    expect(parseRecord(second.key, formatRecord(second))).toEqual(second);
    expect(parseRecord(second.key, formatRecord({...second, primary: definition}))).toHaveProperty('problem');
  });

  it.each([
    ['another key', {key: 'a'.repeat(64)}],
    ['a key that does not follow', {op: 'exec {"x":1}'}],
    ['another format', {format: 2}],
    ['another format of keys', {keyFormat: formatVersion + 1}],
    ['no inputs', {inputs: 'x'}],
    ['an odd result key', {resultKey: '../x'}],
    ['no list of layers', {layers: undefined}],
    ['a time that no file system has', {layers: [{...layerJson, epochSeconds: 1e15}]}],
    ['a time that nobody can print', {layers: [{...layerJson, createdMs: Number.MAX_SAFE_INTEGER}]}],
    ['a layer without a digest', {layers: [{diffId: digest, digest: 'sha256:1', size: 1}]}],
  ])('is refused with %s', (_, change) => {
    expect(altered(change)).toHaveProperty('problem');
  });

  it('has a name that no terminal obeys, and a usage only if that is whole', () => {
    expect(altered({name: 'RUN \x1b[2J\x07x'})).toMatchObject({name: 'RUN x'});
    expect(altered({name: 'x'.repeat(1e5)})).toMatchObject({name: 'x'.repeat(4096)});
    expect(altered({usage: '{"wallMs":1}'})).toMatchObject({usage: undefined});
    expect(
      altered({usage: '{"wallMs":1e999,"cpuMs":1,"memoryBytes":2,"readBytes":0,"writtenBytes":0}'}),
    ).toMatchObject({usage: undefined});
  });

  it('is taken with such layers', () => {
    expect(altered({layers: [layerJson]})).toEqual(record);
  });

  it('is refused when it is no JSON', () => {
    expect(parseRecord(definition, Buffer.from('<html>'))).toEqual({problem: 'is no JSON'});
  });
});
