// What a test needs of the machine. A test that cannot run says why on the terminal and is skipped; with
// TSBUILD_SYSTEM_MUST_WORK=1 (for a machine where everything is known to be there) that is a failure instead.

import {existsSync} from 'node:fs';
import {ensurePackages, which} from '../../fixtures/base-images.mjs';

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

/** The command, installed from its Debian package when it is missing and we are root. */
export function needCommand(test: Skippable, command: string, debianPackage = command): string {
  try {
    ensurePackages({[command]: debianPackage});
  } catch (error) {
    skip(test, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  return which(command) ?? skip(test, `${command} is not in PATH`);
}

/** Where groups that limit memory are, by the version of control groups. */
export const memoryHierarchies = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'];

export function needMemoryController(test: Skippable): string {
  needRoot(test);
  const place = memoryHierarchies.find((path) => existsSync(`${path}/cgroup.procs`));
  return place ?? skip(test, 'there are no control groups');
}
