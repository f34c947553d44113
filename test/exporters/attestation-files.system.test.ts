import {mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {writeAttestationFiles} from '../../src/exporters/attestation-files.ts';
import {createExporter} from '../../src/exporters/index.ts';
import {amd64, armV7, workshop} from './fake-image.ts';

const said = {predicateType: 'https://slsa.dev/provenance/v1', predicate: {made: 'here'}};

describe('attestations of a result that is files', () => {
  it('have a file for each platform in its directory, or all in one', async () => {
    for (const [split, expected] of [
      ['true', ['linux_amd64/provenance.json', 'linux_arm_v7/provenance.json']],
      ['false', ['provenance.linux_amd64.json', 'provenance.linux_arm_v7.json']],
    ] as const) {
      using shop = workshop();
      const {images} = await shop.list([amd64, armV7]);
      const [first, ...others] = images.map((image) => ({
        ...image,
        attestations: async () => [{...said, file: 'provenance.json'}],
      }));
      if (first === undefined) throw new Error('there are two');
      const options = new Map([
        ['dest', 'out'],
        ['platform-split', split],
      ]);
      await createExporter('local', options, []).export(
        {images: [first, ...others], isList: true},
        shop.context,
      );
      const names = readdirSync(join(shop.directory, 'out'), {recursive: true, encoding: 'utf8'});
      expect(names.filter((name) => name.endsWith('.json')).toSorted()).toEqual(expected);
    }
  });

  it('have none where they are for images only', async () => {
    using shop = workshop();
    const built = await shop.built({attestations: async () => [said]});
    await createExporter('local', new Map([['dest', 'out']]), []).export(built, shop.context);
    expect(readdirSync(join(shop.directory, 'out'))).toEqual([]);
  });

  it('take the place of a link, and do not follow it', () => {
    using shop = workshop();
    const [there, elsewhere] = [join(shop.directory, 'there'), join(shop.directory, 'elsewhere')];
    mkdirSync(there);
    writeFileSync(elsewhere, 'precious');
    symlinkSync(elsewhere, join(there, 'provenance.json'));
    writeAttestationFiles(there, [{name: 'provenance.json', bytes: Buffer.from('{}')}], undefined);
    expect(readFileSync(elsewhere, 'utf8')).toBe('precious');
    expect(() => readlinkSync(join(there, 'provenance.json'))).toThrow();
    expect(readdirSync(there)).toEqual(['provenance.json']);
  });

  it('refuse a prefix that is a path', () => {
    for (const type of ['local', 'tar']) {
      const options = new Map([
        ['dest', 'out'],
        ['attestation-prefix', '../a'],
      ]);
      expect(() => createExporter(type, options, [])).toThrow(/attestation-prefix, no path/);
    }
  });
});
