// Names below `work/` of the state directory: of a process, so that others see when it has died and sweep them.

import {randomUUID} from 'node:crypto';
import {join} from 'node:path';
import {ownProcess} from './process-start.ts';

/** A path of this process's own, at which nothing is. */
export function workPath(root: string): string {
  return join(root, 'work', `${ownProcess()}.${randomUUID().replaceAll('-', '').slice(0, 16)}`);
}
