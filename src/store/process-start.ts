// When a process began: a pid alone may have been given to another one since.

import {readFileSync} from 'node:fs';

/** PF_EXITING of the kernel's flags (field 9). */
const exitingFlag = 0x4;

/**
 * Start time in clock ticks since boot (field 22 of /proc/PID/stat, proc(5)); undefined when it does not live. One that
 * has ended and of which its parent has not taken notice, which some first processes of containers never do, is dead
 * once its last thread is gone.
 */
export function startTimeOf(pid: number): string | undefined {
  const fields = statOf(pid);
  const isOver = fields?.[0] === 'Z' && Number(fields[17]) <= 1;
  return isOver ? undefined : fields?.[19];
}

/** Of /proc/PID/stat from field 3 on: the command name (field 2) may hold blanks and parentheses. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/**
 * Whether the process named `<pid>.<start>` has begun to end: it lives, but it does nothing more, and what it held may
 * be gone before it is.
 */
export function isEnding(process: string): boolean {
  const [pid = ''] = process.split('.');
  return isAlive(process) && (Number(statOf(Number(pid))?.[6]) & exitingFlag) !== 0;
}

/** Whether the process named `<pid>.<start>` lives. */
export function isAlive(process: string): boolean {
  const [pid = '', start = ''] = process.split('.');
  return start !== '' && startTimeOf(Number(pid)) === start;
}

let own: string | undefined;

/** The name of this process, which no other has had since the machine started: `<pid>.<start>`. */
export function ownProcess(): string {
  own ??= `${process.pid}.${startTimeOf(process.pid)}`;
  return own;
}
