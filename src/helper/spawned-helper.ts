// A helper that this process starts itself, as a child.

import {type ChildProcess, spawn} from 'node:child_process';
import {type HelperEnd, lastWordsMax, type StartedHelper} from './started-helper.ts';

export function spawnHelper(path: string): StartedHelper {
  // In a process group of its own: Ctrl-C in the terminal is ours to handle, step by step.
  const child = spawn(path, ['serve'], {stdio: ['pipe', 'pipe', 'pipe'], detached: true});
  return {requests: child.stdin, answers: child.stdout, end: endOf(child, path)};
}

export function endOf(child: ChildProcess, path: string): Promise<HelperEnd> {
  let lastWords = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    lastWords = (lastWords + bytes.toString()).slice(-lastWordsMax);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({message: `start ${path}: ${error.message}`, lastWords}));
    child.on('close', (code, signal) =>
      resolve({message: `the helper ended (${signal ?? `exit ${code}`})`, lastWords}),
    );
  });
}
