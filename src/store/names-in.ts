// What a folder holds that may not have been made yet.

import {readdirSync} from 'node:fs';

/** Empty where there is no such folder. Throws what the system says of any other trouble. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
