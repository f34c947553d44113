import {describe, expect, it} from 'vitest';
import {assembleImage, datedHistory} from '../../src/exporters/assemble.ts';
import type {ImageLayer} from '../../src/exporters/exporter.ts';
import {type DiffId, digestOf} from '../../src/oci/digest.ts';
import type {HistoryEntry} from '../../src/oci/image-config.ts';
import {dockerDialect} from '../../src/oci/media-types.ts';
import {AssertionError} from '../../src/util/assert.ts';

const second = 1000;

function layers(count: number, mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip'): ImageLayer[] {
  return Array.from({length: count}, (_, index) => ({
    diffId: `sha256:${String(index).padStart(64, '0')}` as DiffId,
    descriptor: {mediaType, digest: digestOf(`layer ${index}`), size: index},
  }));
}

function image(history: readonly HistoryEntry[], layerTimesMs: readonly number[], epochSeconds?: number) {
  return {
    platform: {os: 'linux', architecture: 'arm64', variant: 'v9'},
    config: {
      os: 'linux',
      architecture: 'arm64',
      created: '1999-01-01T00:00:00Z',
      config: {Env: ['B=1', 'A=2'], WorkingDir: '/'},
      rootfs: {type: 'layers', diff_ids: []},
    },
    history,
    layerTimesMs,
    ...(epochSeconds === undefined ? {} : {epochSeconds}),
  } as const;
}

const times = (entries: readonly HistoryEntry[]): (string | undefined)[] =>
  entries.map(({created}) => created);

describe('history', () => {
  it('keeps the times of the base image and gives layers their own', () => {
    const built = image([{created: '2020-01-01T00:00:00Z'}, {}], [5 * second, 6 * second]);
    expect(times(datedHistory(built, 2))).toEqual(['2020-01-01T00:00:00Z', '1970-01-01T00:00:06Z']);
  });

  it('gives an entry without a layer the time of the layer before it', () => {
    const built = image([{}, {empty_layer: true}, {}, {empty_layer: true}], [1 * second, 2 * second]);
    expect(times(datedHistory(built, 2))).toEqual([
      '1970-01-01T00:00:01Z',
      '1970-01-01T00:00:01Z',
      '1970-01-01T00:00:02Z',
      '1970-01-01T00:00:02Z',
    ]);
  });

  it('gives entries before the first new layer that layer’s time, not the base image’s', () => {
    const built = image([{created: '2020-01-01T00:00:00Z'}, {empty_layer: true}, {}], [0, 9 * second]);
    expect(times(datedHistory(built, 2))[1]).toBe('1970-01-01T00:00:09Z');
  });

  it('without a new layer takes the base image’s time', () => {
    const built = image([{created: '2020-01-01T00:00:00Z'}, {empty_layer: true}], [0]);
    expect(times(datedHistory(built, 1))).toEqual(['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z']);
  });

  it('of nothing but settings on scratch has no times', () => {
    expect(datedHistory(image([{empty_layer: true, created_by: 'ENV'}], []), 0)).toEqual([
      {empty_layer: true, created_by: 'ENV'},
    ]);
  });

  it('takes SOURCE_DATE_EPOCH for new entries and caps old ones', () => {
    const built = image(
      [{created: '2020-01-01T00:00:00Z'}, {created: '2000-01-01T00:00:00Z'}, {}, {empty_layer: true}],
      [0, 0, 99 * second],
      1_000_000_000,
    );
    expect(times(datedHistory(built, 3))).toEqual([
      '2001-09-09T01:46:40Z',
      '2000-01-01T00:00:00Z',
      '2001-09-09T01:46:40Z',
      '2001-09-09T01:46:40Z',
    ]);
  });

  it('keeps fractions of a second, and writes none where there are none', () => {
    expect(times(datedHistory(image([{}, {}], [1234.9, 2000]), 2))).toEqual([
      '1970-01-01T00:00:01.234Z',
      '1970-01-01T00:00:02Z',
    ]);
  });

  it('that does not fit the layers is a bug', () => {
    expect(() => datedHistory(image([{}], [0, 0]), 2)).toThrow(AssertionError);
    expect(() => datedHistory(image([{}, {}], [0]), 2)).toThrow(AssertionError);
  });
});

describe('an assembled image', () => {
  const built = image([{created_by: 'a'}, {created_by: 'b'}], [1 * second, 2 * second]);

  it('has config and manifest in canonical JSON', () => {
    const {configBytes, manifestBytes} = assembleImage(built, layers(2));
    expect(Buffer.from(configBytes).toString()).toMatchInlineSnapshot(
      `"{"architecture":"arm64","config":{"Env":["B=1","A=2"],"WorkingDir":"/"},"created":"1970-01-01T00:00:02Z","history":[{"created":"1970-01-01T00:00:01Z","created_by":"a"},{"created":"1970-01-01T00:00:02Z","created_by":"b"}],"os":"linux","rootfs":{"diff_ids":["sha256:0000000000000000000000000000000000000000000000000000000000000000","sha256:0000000000000000000000000000000000000000000000000000000000000001"],"type":"layers"}}"`,
    );
    expect(Object.keys(JSON.parse(Buffer.from(manifestBytes).toString()) as object)).toEqual([
      'config',
      'layers',
      'mediaType',
      'schemaVersion',
    ]);
  });

  it('is the same bytes whatever order members were made in', () => {
    const {config, ...rest} = built;
    const {os, ...others} = config;
    const turned = {...rest, config: {...others, os}};
    expect(assembleImage(turned, layers(2)).descriptor).toEqual(assembleImage(built, layers(2)).descriptor);
  });

  it('has a descriptor of its manifest, with the platform', () => {
    const {descriptor, manifestBytes} = assembleImage(built, layers(2));
    expect(descriptor).toEqual({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(manifestBytes),
      size: manifestBytes.length,
      platform: {os: 'linux', architecture: 'arm64', variant: 'v9'},
    });
  });

  it.each([
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'application/vnd.oci.image.layer.v1.tar+gzip'],
    ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'application/vnd.oci.image.layer.v1.tar+zstd'],
    ['application/vnd.docker.image.rootfs.diff.tar', 'application/vnd.oci.image.layer.v1.tar'],
    ['application/vnd.oci.image.layer.v1.tar+zstd', 'application/vnd.oci.image.layer.v1.tar+zstd'],
    ['application/x-other', 'application/x-other'],
  ])('names a layer of type %s %s', (mediaType, name) => {
    expect(assembleImage(built, layers(2, mediaType)).manifest.layers[0]?.mediaType).toBe(name);
  });

  it("speaks docker's dialect throughout when asked to", () => {
    const {manifest, descriptor} = assembleImage(built, layers(2, 'application/vnd.oci.image.layer.v1.tar'), {
      dialect: dockerDialect,
    });
    expect([descriptor.mediaType, manifest.mediaType]).toEqual(Array(2).fill(dockerDialect.manifest));
    expect(manifest.config.mediaType).toBe('application/vnd.docker.container.image.v1+json');
    expect(manifest.layers.map(({mediaType}) => mediaType)).toEqual(
      Array(2).fill('application/vnd.docker.image.rootfs.diff.tar'),
    );
  });

  it('has annotations only when there are some', () => {
    expect(assembleImage(built, layers(2)).manifest).not.toHaveProperty('annotations');
    expect(assembleImage(built, layers(2), {annotations: {a: 'b'}}).manifest.annotations).toEqual({a: 'b'});
  });

  it('was created at SOURCE_DATE_EPOCH when there is one', () => {
    const dated = image([{}, {}], [1, 2], 0);
    expect(assembleImage(dated, layers(2)).config.created).toBe('1970-01-01T00:00:00Z');
  });
});
