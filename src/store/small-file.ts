// Reading of files that are most likely small and at hand. A turn through Node's pool of threads costs several times
// the reading itself, and the first one starts four threads; a start that makes none does not even load what makes
// them. Whatever can take its time (a pipe, a large file) is still read beside everything else.

import {readFileSync, statSync} from 'node:fs';
import {type GivenFileOptions, readGivenFile} from './given-file.ts';

const smallMax = 256 * 1024;

/** All of a file. Rejects as `readGivenFile` does. */
export async function readSmallFile(path: string, options?: GivenFileOptions): Promise<Buffer> {
  return isSmall(path) ? readFileSync(path) : readGivenFile(path, options);
}

/** Also of what is not there: to learn that takes no time. */
function isSmall(path: string): boolean {
  try {
    const found = statSync(path, {throwIfNoEntry: false});
    return found === undefined || (found.isFile() && found.size <= smallMax);
  } catch {
    return false;
  }
}
