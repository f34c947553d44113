// The one error of a state directory whose disk has no space left. Whoever removes things can make some and try again.

import {statfsSync} from 'node:fs';
import {BuildError, buildError} from '../diagnostics/build-error.ts';

const code = 'store-disk-full';
const roomHint = '"tsbuild prune -a" makes some';

/** A disk with less is as good as full. */
export const fullDiskBytes = 16 * 1024 * 1024;

export function diskFull(cause?: unknown): BuildError {
  return buildError('environment', code, 'no space is left on the disk of the state directory', {
    hints: [roomHint],
    cause,
  });
}

export function isDiskFull(error: unknown): boolean {
  return error instanceof BuildError && error.diagnostics[0].code === code;
}

/** What to tell of a program that failed in the state directory; undefined: there was room for what it wrote. */
export function fullDiskHint(directory: string): string | undefined {
  const {bavail, bsize, files, ffree} = statfsSync(directory);
  // Some file systems do not count files.
  const isFull = bavail * bsize < fullDiskBytes || (files > 0 && ffree === 0);
  return isFull ? `no space is left on the disk of the state directory: ${roomHint}` : undefined;
}
