import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {expect, it, vi} from 'vitest';
import {isAlive, ownProcess, startTimeOf} from '../../src/store/process-start.ts';

it('a process lives under its pid and its start', () => {
  expect(isAlive(ownProcess())).toBe(true);
  expect(isAlive(`${process.pid}.1`)).toBe(false);
  expect(isAlive('')).toBe(false);
});

it('a process that has ended is dead, also where nobody takes notice of its end', async (test) => {
  // What takes the place of the shell knows of no child.
  const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 60'], {stdio: ['ignore', 'pipe', 'inherit']});
  test.onTestFinished(() => {
    parent.kill('SIGKILL');
  });
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(String(line));
  const stateOf = (): string | undefined => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  await vi.waitFor(() => expect(stateOf()).toBe('Z'));
  expect(startTimeOf(pid)).toBeUndefined();
  expect(startTimeOf(parent.pid ?? 0)).toMatch(/^\d+$/);
});
