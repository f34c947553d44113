// What a state directory took when it was last measured, and how much of the disk was free then. From that and from
// what is free now follows, without a walk, what it takes now at most: measuring is needed only when that is too much.

import {statfsSync} from 'node:fs';
import type {Notes} from '../store/notes.ts';

export interface Measurement {
  readonly atMs: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** How long it took to find out. */
  readonly tookMs: number;
}

export interface SpaceMemory {
  get(): Measurement | undefined;
  set(measurement: Measurement): void;
}

export interface DiskState {
  readonly totalBytes: number;
  /** For those who are not root. */
  readonly freeBytes: number;
  readonly takenBytes: number;
}

export function diskState(directory: string): DiskState {
  const {blocks, bfree, bavail, bsize} = statfsSync(directory);
  return {totalBytes: blocks * bsize, freeBytes: bavail * bsize, takenBytes: (blocks - bfree) * bsize};
}

/**
 * What the state directory takes now, or more: all that was written to the disk since may be its own. What others have
 * freed since is not seen.
 */
export function usedAtMost(disk: DiskState, last: Measurement | undefined): number {
  if (last === undefined) return disk.takenBytes;
  return Math.min(disk.takenBytes, last.usedBytes + Math.max(0, last.freeBytes - disk.freeBytes));
}

export function spaceMemoryIn(notes: Notes): SpaceMemory {
  return {
    get: () => {
      const text = notes.getText('space', 'measured');
      return text === undefined ? undefined : (JSON.parse(text) as Measurement);
    },
    set: (measurement) => notes.set('space', 'measured', JSON.stringify(measurement)),
  };
}
