import {describe, expect, it} from 'vitest';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import {createExporter, exporterFactories} from '../../src/exporters/index.ts';

function problem(type: string, options: Readonly<Record<string, string>>): string {
  try {
    createExporter(type, new Map(Object.entries(options)), []);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    expect(error.kind).toBe('usage');
    const [{message, hints}] = error.diagnostics;
    return [message, ...(hints ?? [])].join('; ');
  }
  return '';
}

describe('the shelf of exporters', () => {
  it('has the kinds that --help names', () => {
    expect(exporterFactories.map(({type}) => type)).toEqual([
      'image',
      'registry',
      'oci',
      'docker',
      'tar',
      'local',
      'cacheonly',
    ]);
  });

  it('has kinds that take layers as they are usually packed, and kinds that take none', () => {
    const wants = (type: string, options: Readonly<Record<string, string>>): boolean =>
      createExporter(type, new Map(Object.entries(options)), ['example.org/app:1']).wantsUsualLayers === true;
    const kinds = exporterFactories.map(({type}) => type);
    const dest = {oci: {dest: 'x'}, tar: {dest: 'x'}, local: {dest: 'x'}} as const;
    const optionsOf = (type: string) => (type in dest ? dest[type as keyof typeof dest] : {});
    expect(kinds.filter((type) => wants(type, optionsOf(type)))).toEqual([
      'image',
      'registry',
      'oci',
      'docker',
    ]);
    expect(wants('docker', {dest: 'x'})).toBe(true);
    expect(wants('image', {compression: 'zstd'})).toBe(false);
  });

  it.each([
    ['zip', {}, /no output type=zip; the types are image, registry, oci/],
    ['ocii', {}, /did you mean type=oci/],
    ['registry', {}, /needs a name to push to/],
    ['oci', {}, /needs dest=FILE/],
    ['tar', {}, /needs dest=FILE/],
    ['local', {}, /needs dest=DIR/],
    ['oci', {dest: 'x', dset: 'y'}, /no option "dset"; did you mean dest/],
    ['oci', {tar: 'false'}, /needs dest=DIR/],
    ['docker', {tar: 'false'}, /needs dest=DIR/],
    ['docker', {dest: '-', tar: 'false'}, /cannot write a directory to standard output/],
    ['oci', {dest: 'x', tar: 'perhaps'}, /tar=true or tar=false, got "perhaps"/],
    ['oci', {dest: '-', tar: 'false'}, /standard output/],
    ['image', {push: 'perhaps'}, /push=true or push=false, got "perhaps"/],
    ['oci', {dest: 'x', compression: 'zstdd'}, /has no compression=zstdd: expected gzip, zstd/],
    ['oci', {dest: 'x', 'compression-level': '10'}, /expects compression-level from 0 to 9, got "10"/],
    ['oci', {dest: 'x', squash: 'some'}, /has no squash=some/],
    ['oci', {dest: 'x', 'annotation-idx.a': 'b'}, /has no option "annotation-idx"/],
    ['oci', {dest: 'x', 'annotation-index[linux/arm64].a': 'b'}, /an index is for all of them/],
    ['oci', {dest: 'x', annotationless: 'b'}, /bad annotation "annotationless"/],
    ['image', {name: 'App'}, /bad name "App"/],
    ['local', {dest: '-'}, /did you mean type=tar/],
    ['local', {dest: 'x', mode: 'delte'}, /did you mean mode=delete\?/],
    ['cacheonly', {dest: 'x'}, /no option "dest"; it has none/],
  ])('refuses type=%s with %j', (type, options, message) => {
    expect(problem(type, options)).toMatch(message);
  });

  it.each([
    ['image', {}],
    ['image', {'oci-mediatypes': 'true', compression: 'gzip', push: 'false', unpack: 'true'}],
    ['oci', {dest: 'x', 'annotation.a.b/c': 'd', 'annotation-manifest.e': 'f'}],
    ['docker', {}],
    ['docker', {dest: '-'}],
    ['local', {dest: 'x', mode: 'copy', 'platform-split': 'false'}],
    ['cacheonly', {}],
  ])('takes type=%s with %j', (type, options) => {
    expect(problem(type, options)).toBe('');
  });
});
