// One time for everything in a tree: a checkout is as new as its commit, not as the moment it was made.

import {lutimesSync} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {join} from 'node:path';

/** `directory` itself included. Symlinks get the time and are not followed. */
export async function stampTree(directory: string, seconds: number): Promise<void> {
  for (const entry of await readdir(directory, {withFileTypes: true})) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await stampTree(path, seconds);
    // Not awaited one by one: a round through the thread pool costs ten times the call.
    else lutimesSync(path, seconds, seconds);
  }
  lutimesSync(directory, seconds, seconds);
}
