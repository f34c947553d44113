// Which boot of this machine it is: what was seen in another one is not believed as it stands (proc(5)).

import {readFileSync} from 'node:fs';

/** Undefined where `/proc` does not tell. */
export function currentBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return undefined;
  }
}
