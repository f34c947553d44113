// A layer for the very bottom of a sandbox's root: an empty file or directory for each thing that every sandbox has
// mounted. An image that has nothing there (few have /etc/resolv.conf) then has a place for it without a change of the
// new layer: else overlayfs copies /etc up for a stub that is taken away again after the step, in each step.
// Nobody sees what is in here, for something is mounted on it; of the directories all times and modes are the same,
// whatever the umask is, because one that a step changes is copied up with them.

import {chmodSync, mkdirSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

const files = ['etc/hosts', 'etc/resolv.conf'];
/** With what is in them before them. */
const directories = ['etc', 'dev', 'proc', 'sys', '.'];

/** Makes it in `directory`; gives its path. */
export function makeMountPoints(directory: string): string {
  const layer = join(directory, 'mount-points');
  for (const name of directories) mkdirSync(join(layer, name), {recursive: true});
  for (const name of files) writeFileSync(join(layer, name), '');
  for (const name of files) chmodSync(join(layer, name), 0o644);
  for (const name of directories) chmodSync(join(layer, name), 0o755);
  for (const name of [...files, ...directories]) utimesSync(join(layer, name), 0, 0);
  return layer;
}
