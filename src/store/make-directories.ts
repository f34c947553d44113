// mkdir -p that always ends. Node 20's recursive mkdir tries for ever where a parent exists and answers ENOENT to every
// mkdir in it, as /proc does: a state directory or an output there must be an error.

import {mkdirSync, statSync} from 'node:fs';
import {dirname} from 'node:path';

/** Makes `path` and the missing directories above it, all with `mode`. Throws what the kernel says. */
export function makeDirectories(path: string, mode = 0o777): void {
  if (isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectories(parent, mode);
  try {
    mkdirSync(path, {mode});
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isDirectory(path)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isDirectory() === true;
}
