// Where a program of this machine is. Here because whoever looks for one means to start it.

import {constants} from 'node:fs';
import {access} from 'node:fs/promises';
import {join} from 'node:path';

/** The path of a program, looked for in PATH; undefined when it is not installed. Relative folders are not searched. */
export async function findProgram(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  for (const folder of (environment['PATH'] ?? '').split(':')) {
    if (!folder.startsWith('/')) continue;
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
