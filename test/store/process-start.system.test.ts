import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {expect, it, vi} from 'vitest';
import {isAlive, isEnding, ownProcess, startTimeOf} from '../../src/store/process-start.ts';
import {endingProcess} from '../support/ending-process.ts';

it('a process lives under its pid and its start', () => {
  expect(isAlive(ownProcess())).toBe(true);
  expect(isAlive(`${process.pid}.1`)).toBe(false);
  expect(isAlive('')).toBe(false);
});

it('a process that has ended is dead, also where nobody takes notice of its end', async (test) => {
  // What takes the place of the shell knows of no child.
  const script = 'exec 3<&0; cat <&3 & echo $!; exec sleep 60';
  const parent = spawn('sh', ['-c', script], {stdio: ['pipe', 'pipe', 'inherit']});
  test.onTestFinished(() => {
    parent.kill('SIGKILL');
  });
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(String(line));
  // A shell would still take notice.
  await vi.waitFor(() => expect(readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n'));
  parent.stdin.end();
  const stateOf = (): string | undefined => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  await vi.waitFor(() => expect(stateOf()).toBe('Z'));
  expect(startTimeOf(pid)).toBeUndefined();
  expect(startTimeOf(parent.pid ?? 0)).toMatch(/^\d+$/);
});

it('a process that is ending lives, but not for long', async (test) => {
  const child = await endingProcess();
  if (child === undefined) return test.skip();
  test.onTestFinished(() => void child.kill('SIGKILL'));
  const name = `${child.pid}.${startTimeOf(child.pid ?? 0)}`;
  await vi.waitFor(() => expect(isEnding(name)).toBe(true), {timeout: 10_000});
  expect([isAlive(name), isEnding(ownProcess()), isEnding('')]).toEqual([true, false, false]);
});
