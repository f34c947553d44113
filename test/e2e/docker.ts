// A docker of the test's own in its workspace, without networks.

import {spawn, spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Workspace} from './command.ts';
import {needCommand, needRoot, type Skippable, skip} from './requirements.ts';

export interface Docker extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** `docker WORDS`; fails with what it said unless it ends with 0. */
  call(...words: readonly string[]): string;
}

/** `flags`: more of dockerd's. */
export async function startDocker(
  test: Skippable,
  space: Workspace,
  flags: readonly string[] = [],
): Promise<Docker> {
  needRoot(test);
  const program = needCommand(test, 'dockerd');
  const at = (name: string): string => join(space.folder, `docker-${name}`);
  const host = `unix://${at('sock')}`;
  const places = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid'), '-H', host];
  const daemon = spawn(program, [...places, '--iptables=false', '--bridge=none', ...flags], {
    stdio: 'ignore',
  });
  const docker: Docker = {
    host,
    call: (...words) => {
      const run = spawnSync('docker', ['-H', host, ...words], {encoding: 'utf8'});
      if (run.status !== 0) throw new Error(`docker ${words.join(' ')}: ${run.stderr}`);
      return run.stdout.trim();
    },
    [Symbol.asyncDispose]: async () => {
      daemon.kill();
      while (daemon.exitCode === null && daemon.signalCode === null) await sleep(50);
      spawnSync('umount', ['-R', at('data')]);
    },
  };
  for (let tries = 0; tries < 600 && daemon.exitCode === null; tries++) {
    if (spawnSync('docker', ['-H', host, 'version'], {stdio: 'ignore'}).status === 0) return docker;
    await sleep(200);
  }
  await docker[Symbol.asyncDispose]();
  return skip(test, 'dockerd does not start here');
}
