// Whether a build that has made something is to be followed by a collection. Asked at the end of each such build, so it
// walks nothing: what the state directory takes at most follows from what it took.

import type {GcConfig} from '../config/read-gc.ts';
import {policiesOf} from './policies.ts';
import {bytesToKeep, type Policy} from './selection.ts';
import {type DiskState, type Measurement, usedAtMost} from './space-memory.ts';

const dayMs = 24 * 60 * 60_000;
/** Where nothing more can go, it is not tried after each build. */
const retryMs = 10 * 60_000;

export function isCollectionDue(
  gc: GcConfig,
  disk: DiskState,
  last: Measurement | undefined,
  nowMs: number,
): boolean {
  const policies = policiesOf(gc, disk.totalBytes);
  if (policies.length === 0) return false;
  // Ages pass by themselves.
  if (last === undefined || nowMs - last.atMs >= dayMs) return true;
  const usedBytes = usedAtMost(disk, last);
  const isOver = (used: number, free: number): boolean =>
    policies.some((policy) => !hasAge(policy) && used > (bytesToKeep(policy, used, free) ?? used));
  if (!isOver(usedBytes, disk.freeBytes)) return false;
  return nowMs - last.atMs >= retryMs || !isOver(last.usedBytes, last.freeBytes);
}

function hasAge({keepMs, filter}: Policy): boolean {
  return (keepMs ?? filter.keepMs ?? 0) > 0;
}
