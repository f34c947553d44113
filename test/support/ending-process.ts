// A process that is about to be gone, and stays so: its first thread has ended, as all do at a kill, another one waits.

import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';

const exitCall = process.arch === 'x64' ? 60 : 93;
const text = `
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).syscall(ctypes.c_long(${exitCall}), ctypes.c_long(0))`;

/** Undefined where there is no python3. It is the caller's to kill. */
export async function endingProcess(): Promise<ChildProcess | undefined> {
  const child = spawn('python3', ['-c', text], {stdio: 'inherit'});
  return once(child, 'spawn').then(
    () => child,
    () => undefined,
  );
}
