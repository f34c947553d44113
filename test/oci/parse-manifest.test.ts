import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {digestOf} from '../../src/oci/digest.ts';
import {mediaTypes} from '../../src/oci/media-types.ts';
import {type ParsedManifest, parseManifest} from '../../src/oci/parse-manifest.ts';

const descriptor = {mediaType: mediaTypes.config, digest: digestOf('x'), size: 1};

function parse(document: unknown, declared?: string): ParsedManifest {
  return parseManifest(new TextEncoder().encode(JSON.stringify(document)), declared);
}

describe('a manifest from outside', () => {
  it('is read with its layers, platform and annotations', () => {
    const layer = {...descriptor, mediaType: mediaTypes.layerGzip, annotations: {a: 'b'}};
    expect(parse({schemaVersion: 2, config: descriptor, layers: [layer], extra: 1})).toEqual({
      kind: 'manifest',
      mediaType: mediaTypes.manifest,
      manifest: {schemaVersion: 2, mediaType: mediaTypes.manifest, config: descriptor, layers: [layer]},
    });
  });

  it('takes its own media type before the one declared', () => {
    const document = {schemaVersion: 2, mediaType: mediaTypes.dockerManifest, config: descriptor, layers: []};
    expect(parse(document, mediaTypes.manifest)).toMatchObject({mediaType: mediaTypes.dockerManifest});
    expect(parse({...document, mediaType: undefined}, mediaTypes.dockerManifest)).toMatchObject({
      mediaType: mediaTypes.dockerManifest,
    });
    expect(parse({...document, mediaType: undefined}, 'text/plain')).toMatchObject({
      mediaType: mediaTypes.manifest,
    });
  });

  it('may be an index of platforms', () => {
    const entry = {
      ...descriptor,
      platform: {os: 'linux', architecture: 'arm', variant: 'v7', 'os.features': []},
    };
    expect(parse({schemaVersion: 2, manifests: [entry]})).toMatchObject({
      kind: 'index',
      index: {manifests: [{platform: {os: 'linux', architecture: 'arm', variant: 'v7'}}]},
    });
  });

  it('of schema 1 is told apart', () => {
    expect(parse({schemaVersion: 1, fsLayers: []})).toEqual({kind: 'schema1'});
  });

  it.each([
    ['no JSON object', [1], 'it is no JSON object'],
    ['another version', {schemaVersion: 3}, 'schemaVersion is 3'],
    [
      'an index and a manifest at once',
      {schemaVersion: 2, manifests: [], layers: [], config: descriptor},
      'it is both an index and a manifest',
    ],
    ['nothing in it', {schemaVersion: 2}, 'it has neither layers nor manifests'],
    ['no config', {schemaVersion: 2, layers: []}, 'config is no object'],
    [
      'a digest that is none',
      {schemaVersion: 2, config: {...descriptor, digest: 'sha256:../x'}, layers: []},
      'config has no sha256 digest, but "sha256:../x"',
    ],
    [
      'a negative size',
      {schemaVersion: 2, config: descriptor, layers: [{...descriptor, size: -1}]},
      'layers[0] has no valid size',
    ],
    [
      'no media type',
      {schemaVersion: 2, manifests: [{digest: descriptor.digest, size: 1}]},
      'manifests[0] has no mediaType',
    ],
    ['layers that are no list', {schemaVersion: 2, config: descriptor, layers: {}}, 'layers is no list'],
    [
      'an index typed as a manifest',
      {schemaVersion: 2, mediaType: mediaTypes.manifest, manifests: []},
      `it has manifests, but its media type is ${mediaTypes.manifest}`,
    ],
    [
      'a foreign type',
      {schemaVersion: 2, mediaType: 'a/b', layers: []},
      'its media type a/b is not supported',
    ],
  ])('with %s is invalid', (_, document, problem) => {
    expect(parse(document)).toEqual({kind: 'invalid', problem, problems: [problem]});
  });

  it('tells everything that is wrong with what it lists', () => {
    const layers = [{...descriptor, size: -1}, descriptor, 3, {size: 1}];
    expect(parse({schemaVersion: 2, config: {...descriptor, digest: 'x'}, layers})).toMatchObject({
      problem: 'config has no sha256 digest, but "x"',
      problems: [
        'config has no sha256 digest, but "x"',
        'layers[0] has no valid size',
        'layers[2] is no object',
        'layers[3] has no mediaType',
        'layers[3] has no sha256 digest, but undefined',
      ],
    });
  });

  it('is never an exception, whatever the bytes', () => {
    const member = fc.constantFrom(
      'schemaVersion',
      'mediaType',
      'config',
      'layers',
      'manifests',
      'digest',
      'size',
    );
    const document = fc.dictionary(
      member,
      fc.oneof(fc.jsonValue(), fc.constant(2), fc.constant([descriptor])),
    );
    const answers = (bytes: Uint8Array): boolean => 'kind' in parseManifest(bytes);
    fc.assert(fc.property(document, (value) => 'kind' in parse(value)));
    fc.assert(fc.property(fc.uint8Array(), answers));
  });
});
