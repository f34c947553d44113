// Processes that the kernel has killed because the whole machine, or a control group that the build itself is in, had
// no more memory. The groups of steps know nothing of that where a step has none; the kernel counts them all.

import {readFileSync} from 'node:fs';

/** sh(1) and docker have it for a process that SIGKILL has ended. */
const exitOfKilled = '137';

export class MachineKills {
  readonly #count: () => number | undefined;
  #before: number | undefined;

  constructor(count: () => number | undefined = countOfKernel) {
    this.#count = count;
  }

  /** A process begins: what was killed before has nothing to do with it. */
  begin(): void {
    this.#before ??= this.#count();
  }

  /** What was killed until now has been told of. */
  forget(): void {
    this.#before = this.#count();
  }

  /** What to say of a process that has ended so, when that may be why; `result` is the helper's. */
  reasonFor(result: ReadonlyMap<string, string>): string | undefined {
    if (result.get('signal') !== '9' && result.get('exit') !== exitOfKilled) return undefined;
    const now = this.#count();
    if (now === undefined || this.#before === undefined)
      return 'signal 9 often is the kernel out of memory: see dmesg';
    const kills = now - this.#before;
    if (kills <= 0) return undefined;
    const processes = kills === 1 ? 'a process' : `${kills} processes`;
    return `out of memory: the kernel has killed ${processes} of this machine meanwhile (dmesg tells which)`;
  }
}

/** Since the machine was started. */
function countOfKernel(): number | undefined {
  try {
    const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1')) ?? [];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}
