// What a test needs of the machine. A test that cannot run says why on the terminal and is skipped; with
// TSBUILD_SYSTEM_MUST_WORK=1 (for a machine where everything is known to be there) that is a failure instead.

import {existsSync} from 'node:fs';
import {which} from '../../fixtures/base-images.mjs';
import {whyMissing} from '../support/packages.mjs';

export interface Skippable {
  skip(note?: string): never;
}

const isRoot = process.getuid?.() === 0;

export function skip(test: Skippable, reason: string): never {
  if (process.env['TSBUILD_SYSTEM_MUST_WORK'] === '1') throw new Error(`may not be skipped: ${reason}`);
  process.stderr.write(`skipped: ${reason}\n`);
  return test.skip(reason);
}

export function needRoot(test: Skippable): void {
  if (!isRoot) skip(test, 'needs root');
}

/** The command's path; packages.mjs has installed it before the tests where that can be done. */
export function needCommand(test: Skippable, command: string): string {
  const reason = whyMissing(command);
  return which(command) ?? skip(test, reason ?? '');
}

/** Where groups that limit memory are, by the version of control groups. */
export const memoryHierarchies = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'];

export function needMemoryController(test: Skippable): string {
  needRoot(test);
  const place = memoryHierarchies.find((path) => existsSync(`${path}/cgroup.procs`));
  return place ?? skip(test, 'there are no control groups');
}
