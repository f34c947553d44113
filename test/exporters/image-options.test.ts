import {describe, expect, it} from 'vitest';
import {annotationsAt, checkAnnotations} from '../../src/exporters/annotations.ts';
import {ExportOptions} from '../../src/exporters/export-options.ts';
import {
  hasUsualLayers,
  type ImageForm,
  imageFormOf,
  imageOptions,
} from '../../src/exporters/image-options.ts';
import {dockerDialect, ociDialect} from '../../src/oci/media-types.ts';
import type {Platform} from '../../src/oci/platform.ts';

const arm: Platform = {os: 'linux', architecture: 'arm64'};
const amd: Platform = {os: 'linux', architecture: 'amd64'};

function optionsOf(given: Readonly<Record<string, string>>): ExportOptions {
  return new ExportOptions('oci', new Map(Object.entries(given)), imageOptions);
}

function form(given: Readonly<Record<string, string>>): ImageForm {
  return imageFormOf(optionsOf(given), [], dockerDialect);
}

describe('the form of layers', () => {
  it('is gzip, as the cache has it, unless something else is said', () => {
    expect(form({}).format).toEqual({compression: 'gzip', force: false});
    expect(form({}).squash).toBeUndefined();
  });

  it.each([
    [
      {compression: 'ZSTD', 'compression-level': '22'},
      {compression: 'zstd', level: 22, force: false},
    ],
    [
      {compression: 'estargz', 'force-compression': 'true'},
      {compression: 'estargz', force: true},
    ],
    [
      {compression: 'uncompressed', 'compression-level': '3'},
      {compression: 'none', force: false},
    ],
    [{'compression-level': '0'}, {compression: 'gzip', level: 0, force: false}],
  ])('%j', (given, format) => {
    expect(form(given).format).toEqual(format);
  });

  it.each([
    [{}, true],
    [{'force-compression': 'true'}, true],
    [{compression: 'zstd'}, false],
    [{'compression-level': '9'}, false],
    [{'rewrite-timestamp': 'true'}, false],
    [{squash: 'stage'}, false],
  ])('%j: layers of the build are the usual ones: %j', (given, expected) => {
    expect(hasUsualLayers(form(given))).toBe(expected);
  });

  it('eStargz needs the media types that can say so', () => {
    expect(form({compression: 'zstd'}).dialect).toBe(dockerDialect);
    expect(form({compression: 'estargz'}).dialect).toBe(ociDialect);
  });

  it.each([
    ['true', 'stage'],
    ['all', 'all'],
    ['false', undefined],
  ])('squash=%s', (squash, expected) => {
    expect(form({squash}).squash).toBe(expected);
  });
});

describe('annotations', () => {
  const given = {
    'annotation.a': 'all',
    'annotation-manifest.b': 'all',
    'annotation[linux/arm64].a': 'arm',
    'annotation-index.org.example/c': 'index',
    'annotation-manifest-descriptor[linux/aarch64].d': 'arm',
    'annotation-index-descriptor.e': 'top',
  };

  it('stand at their level and platform, the special before the general', () => {
    const {annotations} = form(given);
    expect(annotationsAt(annotations, 'manifest', amd)).toEqual({a: 'all', b: 'all'});
    expect(annotationsAt(annotations, 'manifest', arm)).toEqual({a: 'arm', b: 'all'});
    expect(annotationsAt(annotations, 'manifest-descriptor', amd)).toEqual({});
    expect(annotationsAt(annotations, 'manifest-descriptor', arm)).toEqual({d: 'arm'});
    expect(annotationsAt(annotations, 'index')).toEqual({'org.example/c': 'index'});
    expect(annotationsAt(annotations, 'index-descriptor')).toEqual({e: 'top'});
  });

  const check = (hasIndex: boolean, platforms: [Platform, ...Platform[]]) => () =>
    checkAnnotations(form(given).annotations, {hasIndex, platforms}, optionsOf(given));

  it('need a place in the result', () => {
    expect(check(true, [amd, arm])).not.toThrow();
    expect(check(false, [arm])).toThrow(/no place for annotation-index.org.example\/c/);
    expect(check(true, [amd])).toThrow(/for linux\/arm64, and this build is for linux\/amd64/);
  });
});
