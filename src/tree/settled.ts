// When times of a file tell of every change. A change within the kernel's clock tick after our look at a file can leave
// its ctime as it was ("racily clean", as in git). Ticks are at most 10 ms; file systems without nanoseconds count in
// seconds, FAT in two.

import type {TreeRecord} from './record.ts';

const tickMs = 10;
const coarseTickMs = 2000;

/** Whether a later change of the file is sure to show, given when the look at it began. */
export function isSettled(
  {ctimeSeconds, ctimeNanoseconds}: Pick<TreeRecord, 'ctimeSeconds' | 'ctimeNanoseconds'>,
  lookStartMs: number,
): boolean {
  const ctimeMs = ctimeSeconds * 1000 + ctimeNanoseconds / 1e6;
  return ctimeMs + (ctimeNanoseconds === 0 ? coarseTickMs : tickMs) <= lookStartMs;
}
