import {describe, expect, it} from 'vitest';
import {defaultGcConfig} from '../../src/config/read-gc.ts';
import {capOf, policiesOf} from '../../src/space/policies.ts';
import {item} from './item.ts';

describe('without configuration', () => {
  it('a tenth of a small disk is left alone, four fifths are the limit, a fifth stays free', () => {
    const limits = policiesOf(defaultGcConfig, 50e9).slice(1);
    for (const limit of limits) {
      expect(limit).toMatchObject({reservedBytes: 5e9, maxUsedBytes: 40e9, minFreeBytes: 10e9});
    }
    expect(limits.map(({all}) => all)).toEqual([false, false, true]);
  });

  it('of a large disk no more than 10 GB and 100 GB', () => {
    expect(policiesOf(defaultGcConfig, 2e12)[3]).toMatchObject({reservedBytes: 10e9, maxUsedBytes: 100e9});
  });

  it('contexts, checkouts and cache mounts go first, after two days', () => {
    const [first] = policiesOf(defaultGcConfig, 2e12);
    expect(first).toMatchObject({keepMs: 48 * 3_600_000, maxUsedBytes: 512e6});
    const types = ['exec.cachemount', 'source.local', 'source.git.checkout', 'regular', 'image'] as const;
    expect(types.filter((type) => first?.filter.matches(item('x', {type})))).toEqual(types.slice(0, 3));
  });
});

describe('the cap', () => {
  it.each([
    [{enabled: true}, 90],
    [{enabled: false}, undefined],
    [{enabled: true, hardCap: {bytes: 7}}, 7],
    [{enabled: false, hardCap: {percent: 50}}, 50],
    [{enabled: true, hardCap: {bytes: 0}}, undefined],
  ])('of %j is %s of 100', (gc, bytes) => {
    expect(capOf({policies: [], ...gc}, 100)).toBe(bytes);
  });
});
