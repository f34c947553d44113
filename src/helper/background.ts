// A process that goes on when this one has ended, and that nobody waits for: it has no terminal, no standard streams,
// a session of its own, and gives way to everything else.

import {spawn} from 'node:child_process';
import {setPriority} from 'node:os';

const niceness = 10;

/** Starts it; a failure to do so is nobody's concern. */
export function startInBackground(program: string, args: readonly string[]): void {
  const child = spawn(program, args, {cwd: '/', detached: true, stdio: 'ignore'});
  child.on('error', () => {});
  if (child.pid !== undefined) {
    try {
      setPriority(child.pid, niceness);
    } catch {
      // It has ended already, or may not: then it runs as it is.
    }
  }
  child.unref();
}
