import {describe, expect, it} from 'vitest';
import {readConfig} from '../../src/config/read-config.ts';
import {parseDiskSpace} from '../../src/config/read-gc.ts';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import {sourceFile} from '../../src/diagnostics/source-file.ts';

const gcOf = async (text: string) => (await readConfig(sourceFile('t.toml', text))).gc;

describe('sizes', () => {
  it.each([
    [512, {bytes: 512}],
    ['512MB', {bytes: 512_000_000}],
    ['1.5GiB', {bytes: 1_610_612_736}],
    ['20g', {bytes: 20_000_000_000}],
    ['10%', {percent: 10}],
    ['110%', undefined],
    ['much', undefined],
    [-1, undefined],
  ])('%s', (text, space) => {
    expect(parseDiskSpace(text)).toEqual(space);
  });
});

describe('the collection', () => {
  it("is read from buildkitd's tables", async () => {
    const gc = await gcOf(`
[worker.oci]
  gc = true
  [[worker.oci.gcpolicy]]
    reservedSpace = "512MB"
    keepDuration = "48h"
    filters = ["type==source.local", "type==exec.cachemount"]
  [[worker.oci.gcpolicy]]
    all = true
    keepBytes = 1024
    maxUsedSpace = "60%"
`);
    expect(gc.enabled).toBe(true);
    expect(gc.policies).toMatchObject([
      {
        all: false,
        keepMs: 172_800_000,
        reservedSpace: {bytes: 512_000_000},
        filters: ['type==source.local', 'type==exec.cachemount'],
      },
      {all: true, reservedSpace: {bytes: 1024}, maxUsedSpace: {percent: 60}},
    ]);
  });

  it('has a short form there, and one of our own, which goes first', async () => {
    const worker = '[worker.oci]\ngc = false\ngckeepstorage = "9GB"\n';
    expect(await gcOf(worker)).toMatchObject({enabled: false, policies: [{maxUsedSpace: {bytes: 9e9}}]});
    const own = '[gc]\nmaxUsedSpace = "10GB"\n[[gc.policy]]\nkeepDuration = 60\n';
    expect(await gcOf(own + worker)).toMatchObject({
      enabled: true,
      policies: [{maxUsedSpace: {bytes: 10e9}}, {keepMs: 60_000}],
    });
  });

  it('tells every mistake with its place', async () => {
    const text = '[gc]\nmaxUsedSpace = "lots"\nkeepDuraton = "1h"\n[worker.oci]\ngc = 1\n';
    const error: unknown = await readConfig(sourceFile('t.toml', text)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BuildError);
    const told = (error as BuildError).diagnostics.map(({message, span}) => `${span?.line} ${message}`);
    expect(told).toEqual([
      '3 unknown key keepDuraton in [gc]',
      '2 gc.maxUsedSpace must be a size like "20GB" or "10%", not "lots"',
      '5 worker.oci.gc must be true or false, not 1',
    ]);
  });
});
