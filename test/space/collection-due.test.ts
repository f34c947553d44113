import {describe, expect, it} from 'vitest';
import {defaultGcConfig, type GcConfig} from '../../src/config/read-gc.ts';
import {isCollectionDue} from '../../src/space/collection-due.ts';
import {type Measurement, usedAtMost} from '../../src/space/space-memory.ts';

const hour = 3_600_000;
const disk = {totalBytes: 100e9, freeBytes: 60e9, takenBytes: 40e9};

function due(last: Partial<Measurement> | undefined, gc: GcConfig = defaultGcConfig, now = disk): boolean {
  const whole =
    last === undefined ? undefined : {atMs: 100 * hour, usedBytes: 0, freeBytes: 60e9, tookMs: 1, ...last};
  return isCollectionDue(gc, now, whole, 100 * hour + 60_000);
}

describe('a collection', () => {
  it('is due where nobody has measured, and once a day', () => {
    expect(due(undefined)).toBe(true);
    expect(due({})).toBe(false);
    expect(due({atMs: 76 * hour})).toBe(true);
  });

  it('is due when what was written since may be too much', () => {
    const gc = {enabled: true, policies: [{all: true, filters: [], maxUsedSpace: {bytes: 10e9}}]};
    expect(due({usedBytes: 9e9}, gc)).toBe(false);
    expect(due({usedBytes: 9e9, freeBytes: 60.5e9}, gc)).toBe(false);
    expect(due({usedBytes: 9e9, freeBytes: 61.5e9}, gc)).toBe(true);
  });

  it('is due when too little of the disk is free', () => {
    const full = {totalBytes: 100e9, freeBytes: 5e9, takenBytes: 95e9};
    expect(due({usedBytes: 50e9, freeBytes: 30e9}, defaultGcConfig, full)).toBe(true);
  });

  it('is not tried after each build where nothing more could go', () => {
    const gc = {enabled: true, policies: [{all: true, filters: [], maxUsedSpace: {bytes: 10e9}}]};
    expect(due({usedBytes: 12e9}, gc)).toBe(false);
    expect(due({usedBytes: 12e9, atMs: 99 * hour}, gc)).toBe(true);
  });

  it('an age alone asks for nothing between the days', () => {
    const gc = {enabled: true, policies: [{all: true, filters: [], keepMs: hour, maxUsedSpace: {bytes: 1}}]};
    expect(due({usedBytes: 12e9}, gc)).toBe(false);
  });

  it('is never due where it is switched off', () => {
    expect(due(undefined, {enabled: false, policies: []})).toBe(false);
  });
});

describe('what is used at most', () => {
  it('is what was used and all that was written since, but not more than the whole disk has', () => {
    const last = {atMs: 0, usedBytes: 1e9, freeBytes: 62e9, tookMs: 1};
    expect(usedAtMost(disk, last)).toBe(3e9);
    expect(usedAtMost(disk, {...last, freeBytes: 50e9})).toBe(1e9);
    expect(usedAtMost(disk, {...last, usedBytes: 99e9})).toBe(40e9);
    expect(usedAtMost(disk, undefined)).toBe(40e9);
  });
});
