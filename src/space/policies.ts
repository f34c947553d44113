// The policies that apply without anybody asking, from the configuration or by default, and the cap.

import type {DiskSpace, GcConfig} from '../config/read-gc.ts';
import {parseFilters} from './filter.ts';
import type {Policy} from './selection.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** What is easily had again, and grows without anybody noticing. */
const easilyMade = 'type==source.local,type==exec.cachemount,type==source.git.checkout';

/**
 * buildkitd's: what is easily had again after two days, everything after 60, then what no image shares, then all of it;
 * a tenth of the disk (10 GB at most) is left alone, four fifths (100 GB at most) are the limit, a fifth stays free.
 */
function defaultPolicies(diskBytes: number): GcConfig['policies'] {
  const limits = {
    reservedSpace: {bytes: Math.min(Math.floor(diskBytes / 10), 10e9)},
    maxUsedSpace: {bytes: Math.min(Math.floor(diskBytes * 0.8), 100e9)},
    minFreeSpace: {bytes: Math.floor(diskBytes / 5)},
  };
  return [
    {all: false, filters: [easilyMade], keepMs: 2 * dayMs, maxUsedSpace: {bytes: 512e6}},
    {all: false, filters: [], keepMs: 60 * dayMs, ...limits},
    {all: false, filters: [], ...limits},
    {all: true, filters: [], ...limits},
  ];
}

/** Where nothing is said: a file system that is fuller than this is as good as full. */
const defaultCap: DiskSpace = {percent: 90};

/** What the state directory may take at any moment; undefined: there is no cap. */
export function capOf({enabled, hardCap}: GcConfig, diskBytes: number): number | undefined {
  const cap = bytesOf(hardCap ?? (enabled ? defaultCap : undefined), diskBytes);
  return cap === 0 ? undefined : cap;
}

/** In the order in which they apply. Throws BuildError for a filter that makes no sense. */
export function policiesOf(gc: GcConfig, diskBytes: number): readonly Policy[] {
  if (!gc.enabled) return [];
  const policies = gc.policies.length === 0 ? defaultPolicies(diskBytes) : gc.policies;
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
