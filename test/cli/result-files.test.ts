import {describe, expect, test} from 'vitest';
import type {BuildResult} from '../../src/build/request.ts';
import {metadataText, provenanceModeOf, type ToldOfBuild} from '../../src/cli/result-files.ts';
import type {ExportResult} from '../../src/exporters/exporter.ts';
import {digestOf} from '../../src/oci/digest.ts';

const [config, manifest] = [digestOf('config'), digestOf('manifest')];
const image: ExportResult = {
  imageDigest: manifest,
  configDigest: config,
  descriptor: {mediaType: 'application/x', digest: manifest, size: 7},
};

async function metadata(exports: readonly ExportResult[], told: Partial<ToldOfBuild> = {}): Promise<object> {
  const result: BuildResult = {
    exports,
    executed: 0,
    cached: 0,
    provenance: async (mode) => [{platform: {os: 'linux', architecture: 'amd64'}, predicate: {mode}}],
  };
  const text = await metadataText(result, {
    id: 'k3v9',
    names: ['app:1', 'me/app'],
    steps: [],
    warnings: [],
    environment: {},
    ...told,
  });
  return JSON.parse(text) as object;
}

describe('the metadata file', () => {
  test('has the keys of buildx for an image, whatever other outputs there are', async () => {
    const expected = {
      'buildx.build.ref': 'tsbuild/tsbuild0/k3v9',
      'buildx.build.provenance': {mode: 'min'},
      'containerimage.config.digest': config,
      'containerimage.descriptor': {mediaType: 'application/x', digest: manifest, size: 7},
      'containerimage.digest': manifest,
      'image.name': 'app:1,me/app',
    };
    expect(await metadata([image])).toEqual(expected);
    expect(await metadata([{}, image])).toEqual(expected);
  });

  test('of a build without an image tells of the build alone', async () => {
    expect(await metadata([{}])).toEqual({
      'buildx.build.ref': 'tsbuild/tsbuild0/k3v9',
      'buildx.build.provenance': {mode: 'min'},
    });
  });

  test('has the provenance that BUILDX_METADATA_PROVENANCE asks for', async () => {
    const key = 'buildx.build.provenance';
    const asked = async (mode: string): Promise<object> =>
      metadata([{}], {environment: {BUILDX_METADATA_PROVENANCE: mode}});
    expect(await asked('max')).toMatchObject({[key]: {mode: 'max'}});
    expect(await asked('')).toMatchObject({[key]: {mode: 'min'}});
    for (const mode of ['disabled', 'false', '0']) expect(await asked(mode)).not.toHaveProperty([key]);
    expect(() => provenanceModeOf({BUILDX_METADATA_PROVENANCE: 'full'})).toThrow(
      'BUILDX_METADATA_PROVENANCE expects min, max or disabled, got "full"',
    );
  });

  test('has warnings where BUILDX_METADATA_WARNINGS asks for them, as BuildKit writes them', async () => {
    const key = 'buildx.build.warnings';
    const span = {line: 3, column: 1, endLine: 3, endColumn: 9};
    const warnings = [{severity: 'warning', code: 'StageNameCasing', message: 'is loud', span}] as const;
    const asked = async (value: string, given: ToldOfBuild['warnings']): Promise<object> =>
      metadata([{}], {warnings: given, environment: {BUILDX_METADATA_WARNINGS: value}});
    for (const value of ['1', 'true']) {
      expect(await asked(value, warnings)).toMatchObject({
        [key]: [
          {
            level: 1,
            short: Buffer.from('StageNameCasing: is loud (line 3)').toString('base64'),
            range: [{start: {line: 3, character: 1}, end: {line: 3, character: 9}}],
          },
        ],
      });
    }
    for (const value of ['', '0', 'false']) expect(await asked(value, warnings)).not.toHaveProperty([key]);
    expect(await asked('1', [])).not.toHaveProperty([key]);
  });
});
