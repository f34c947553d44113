// The system's git behind its walls: no configuration of this machine, no hooks, no prompts.

import {chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {GitFailure, type GitRun, runGit} from '../../src/helper/git-process.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-git-process-'));
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

/** A program called git that is a shell script. */
function scripted(script: string): NodeJS.ProcessEnv {
  const bin = mkdtempSync(join(folder, 'bin-'));
  writeFileSync(join(bin, 'git'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'git'), 0o755);
  return {PATH: `${bin}:/usr/bin:/bin`};
}

function run(script: string, more: Partial<GitRun> = {}): Promise<string> {
  return runGit({
    args: ['status'],
    signal: new AbortController().signal,
    ...more,
    environment: {...scripted(script), ...more.environment},
  });
}

describe('git', () => {
  it('gets nothing of the environment but what carries bytes', async () => {
    const environment = {
      HOME: '/root',
      GIT_DIR: '/x',
      GIT_PROXY_COMMAND: 'x',
      SECRET: 's',
      HTTPS_PROXY: 'http://p',
    };
    const lines = (await run('env', {environment, directory: folder})).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining(['HTTPS_PROXY=http://p', 'HOME=/dev/null', 'GIT_TERMINAL_PROMPT=0']),
    );
    expect(lines.join('\n')).not.toMatch(/SECRET|^GIT_DIR|GIT_PROXY_COMMAND|SSH_AUTH_SOCK/m);
  });

  it('is told where its remote is, and who asks, out of sight of other users', async () => {
    const said = await run('echo "$@"; env', {
      origin: 'https://host/secret-path.git',
      header: {scope: 'https://host/', value: 'Authorization: token'},
    });
    const [words = '', ...variables] = said.split('\n');
    expect(words).not.toMatch(/secret-path|token/);
    expect(words).toContain('--config-env=http.https://host/.extraHeader=TSBUILD_GIT_HEADER');
    expect(variables).toEqual(
      expect.arrayContaining([
        'GIT_CONFIG_VALUE_0=https://host/secret-path.git',
        'TSBUILD_GIT_HEADER=Authorization: token',
      ]),
    );
  });

  it('takes the authority that docker takes', async () => {
    const said = await run('echo $GIT_SSL_CAINFO', {environment: {SSL_CERT_FILE: '/ca.pem'}});
    expect(said).toBe('/ca.pem\n');
  });

  it('fails with what it said', async () => {
    const error = (await run('echo no >&2; exit 3').catch((reason: unknown) => reason)) as GitFailure;
    expect(error).toBeInstanceOf(GitFailure);
    expect(error).toMatchObject({exitCode: 3, said: 'no\n'});
  });

  it('that is missing names its package', async () => {
    const environment = {PATH: folder};
    const none = runGit({args: ['status'], signal: new AbortController().signal, environment});
    await expect(none).rejects.toMatchObject({
      kind: 'environment',
      message: expect.stringMatching(/^git is not installed/),
      diagnostics: [{hints: ['install the package git']}],
    });
  });

  it('ends when the build is aborted', async () => {
    const abort = new AbortController();
    const running = run('exec sleep 60', {signal: abort.signal});
    abort.abort(new Error('stopped'));
    await expect(running).rejects.toThrow('stopped');
  });

  it('runs no hook and uses no template', async () => {
    const repository = join(folder, 'repository');
    mkdirSync(repository);
    const own = (...args: string[]): Promise<string> =>
      runGit({
        args,
        directory: repository,
        signal: new AbortController().signal,
        environment: {PATH: process.env['PATH']},
      });
    await own('init', '--quiet');
    expect(existsSync(join(repository, '.git', 'hooks'))).toBe(false);
    mkdirSync(join(repository, '.git', 'hooks'));
    const hook = join(repository, '.git', 'hooks', 'post-checkout');
    writeFileSync(hook, `#!/bin/sh\ntouch ${folder}/hooked\n`);
    chmodSync(hook, 0o755);
    await own(
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b',
      'commit',
      '--quiet',
      '--allow-empty',
      '--message=x',
    );
    await own('checkout', '--quiet', '--detach', 'HEAD');
    expect(existsSync(join(folder, 'hooked'))).toBe(false);
  });
});
