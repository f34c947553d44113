// The policies that apply without anybody asking, from the configuration or by default, and the cap.

import type {DiskSpace, GcConfig} from '../config/read-gc.ts';
import {parseFilters} from './filter.ts';
import type {Policy} from './selection.ts';

/** BuildKit's limits for a disk that others use too, and an age. */
const defaults: GcConfig['policies'] = [
  {
    all: false,
    filters: [],
    keepMs: 60 * 24 * 3_600_000,
    reservedSpace: {percent: 10},
    maxUsedSpace: {percent: 10},
  },
  {
    all: true,
    filters: [],
    reservedSpace: {percent: 10},
    maxUsedSpace: {percent: 60},
    minFreeSpace: {percent: 20},
  },
];

/** In the order in which they apply. Throws BuildError for a filter that makes no sense. */
export function policiesOf(gc: GcConfig, diskBytes: number): readonly Policy[] {
  if (!gc.enabled) return [];
  const policies = gc.policies.length === 0 ? defaults : gc.policies;
  return policies.flatMap(({all, filters, keepMs, reservedSpace, maxUsedSpace, minFreeSpace}) => {
    const limits = {
      all,
      keepMs,
      reservedBytes: bytesOf(reservedSpace, diskBytes),
      maxUsedBytes: bytesOf(maxUsedSpace, diskBytes),
      minFreeBytes: bytesOf(minFreeSpace, diskBytes),
    };
    // In buildkitd.toml the filters of one policy are alternatives; without any, all is meant.
    const texts = filters.length === 0 ? [[]] : filters.map((text) => [text]);
    return texts.map((text) => ({...limits, filter: parseFilters(text)}));
  });
}

export function bytesOf(space: DiskSpace | undefined, diskBytes: number): number | undefined {
  if (space === undefined) return undefined;
  return 'bytes' in space ? space.bytes : Math.floor((diskBytes * space.percent) / 100);
}
