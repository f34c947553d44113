import {describe, expect, it} from 'vitest';
import {digestOf} from '../../src/oci/digest.ts';
import {entriesFor, type IndexEntry, joinedEntries, joinedIndex} from '../../src/oci/join-index.ts';
import {mediaTypes} from '../../src/oci/media-types.ts';

const arm = {os: 'linux', architecture: 'arm64', variant: 'v8'};
const amd = {os: 'linux', architecture: 'amd64'};

function entry(name: string, more: Readonly<Record<string, unknown>> = {}): IndexEntry {
  return {mediaType: mediaTypes.manifest, digest: digestOf(name), size: name.length, ...more};
}

describe('entries of several indexes', () => {
  it('are each there once, with what any of them says', () => {
    const first = entry('a', {platform: amd, annotations: {x: '1', y: '1'}, urls: ['u']});
    const again = entry('a', {platform: {...amd, 'os.version': '9'}, annotations: {y: '2'}});
    expect(joinedEntries([first, entry('b'), again])).toEqual([
      {...first, platform: {...amd, 'os.version': '9'}, annotations: {x: '1', y: '2'}},
      entry('b'),
    ]);
  });

  it('are chosen by platform, however it is written, with what is attested of them', () => {
    const statement = (of: string): IndexEntry =>
      entry(`about ${of}`, {
        platform: {os: 'unknown', architecture: 'unknown'},
        annotations: {
          'vnd.docker.reference.digest': digestOf(of),
          'vnd.docker.reference.type': 'attestation-manifest',
        },
      });
    const all = [
      entry('a', {platform: amd}),
      entry('b', {platform: arm}),
      statement('a'),
      statement('b'),
      entry('c'),
    ];
    expect(entriesFor([{os: 'linux', architecture: 'arm64'}], all)).toEqual({entries: [all[1], all[3]]});
    expect(entriesFor([amd, {os: 'linux', architecture: 's390x'}], all)).toEqual({missing: ['linux/s390x']});
  });
});

describe('an index of entries', () => {
  const text = (entries: readonly IndexEntry[], annotations = {}): string =>
    Buffer.from(joinedIndex(entries, annotations).bytes).toString();

  it('is written as Go writes it, whatever the order of members was', () => {
    const shuffled = {
      platform: {architecture: 'amd64', os: 'linux'},
      annotations: {b: '2', a: '1'},
      size: 3,
      own: true,
      digest: digestOf('x'),
      urls: ['u'],
      mediaType: mediaTypes.manifest,
    };
    expect(text([shuffled], {z: '1', k: '2'})).toBe(`{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.index.v1+json",
  "manifests": [
    {
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "digest": "${digestOf('x')}",
      "size": 3,
      "urls": [
        "u"
      ],
      "annotations": {
        "a": "1",
        "b": "2"
      },
      "platform": {
        "architecture": "amd64",
        "os": "linux"
      },
      "own": true
    }
  ],
  "annotations": {
    "k": "2",
    "z": "1"
  }
}`);
  });

  it('is docker’s when all its entries are, unless it is annotated', () => {
    const docker = entry('a', {mediaType: mediaTypes.dockerManifest});
    expect(joinedIndex([docker], {}).mediaType).toBe(mediaTypes.dockerManifestList);
    expect(joinedIndex([docker, entry('b')], {}).mediaType).toBe(mediaTypes.index);
    expect(joinedIndex([docker], {a: '1'}).mediaType).toBe(mediaTypes.index);
    expect(joinedIndex([{...docker, annotations: {a: '1'}}], {}).mediaType).toBe(mediaTypes.index);
  });
});
