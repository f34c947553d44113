// The system's git, run so that nothing of this machine but the program itself takes part: no configuration, no hooks,
// no templates, no prompts, and only transports that reach out over a network. Here because processes are started in
// this room only; what is asked of git is the business of src/sources/git.

import {spawn} from 'node:child_process';
import {dirname} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface GitRun {
  readonly args: readonly string[];
  /** The repository's directory; undefined: none, as for ls-remote. */
  readonly directory?: string;
  /** Address behind the remote `origin`. In the environment: every user of the machine can read a command line. */
  readonly origin?: string;
  /** `Authorization: …` for addresses that start with `scope`, those of submodules included. */
  readonly header?: {readonly scope: string; readonly value: string} | undefined;
  /** Environment of the command: of it git gets proxies, certificates, PATH. */
  readonly environment: Environment;
  /** Socket of an ssh agent. */
  readonly sshAgent?: string | undefined;
  readonly signal: AbortSignal;
}

/** git said no. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure';
  readonly exitCode: number | null;
  /** What it wrote to standard error, its end. */
  readonly said: string;

  constructor(exitCode: number | null, said: string) {
    super(`git exited with ${exitCode}`);
    this.exitCode = exitCode;
    this.said = said;
  }
}

const passedOn = [
  'PATH',
  'TMPDIR',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_NO_VERIFY',
] as const;

/** Remotes that are fetched over a network. `file` would let a submodule read this machine's repositories. */
const transports = 'git:http:https:ssh';

const fixedSettings = [
  'core.hooksPath=/dev/null',
  'init.defaultBranch=main',
  'init.templateDir=',
  'advice.detachedHead=false',
  'gc.auto=0',
  'maintenance.auto=false',
] as const;

const outputBytesMax = 64 * 1024 * 1024;
const saidLengthMax = 16 * 1024;

/** Runs git to its end and gives what it wrote to standard output. Throws GitFailure when it exits with an error. */
export async function runGit(run: GitRun): Promise<string> {
  const {signal} = run;
  signal.throwIfAborted();
  const {code, stdout, stderr} = await spawned(run);
  if (signal.aborted) throw signal.reason;
  if (code === 0) return stdout;
  if (code === notFoundExitCode) throw notInstalled();
  throw new GitFailure(code, stderr);
}

/** Of a shell that does not find a program. */
const notFoundExitCode = 127;

function spawned(
  run: GitRun,
): Promise<{readonly code: number | null; readonly stdout: string; readonly stderr: string}> {
  return new Promise((resolve, reject) => {
    // Files must come out 0644 and 0755 whatever the user's umask is, which Node can set for itself only.
    const args = ['-c', 'umask 022; exec git "$@"', 'git', ...settingsOf(run), ...run.args];
    const child = spawn('/bin/sh', args, {
      cwd: run.directory ?? '/',
      env: environmentOf(run) as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    let size = 0;
    let stderr = '';
    child.stdout.on('data', (bytes: Buffer) => {
      size += bytes.length;
      if (size > outputBytesMax) child.kill();
      else stdout.push(bytes);
    });
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      stderr = (stderr + text).slice(-saidLengthMax);
    });
    const stop = (): void => {
      child.kill();
    };
    run.signal.addEventListener('abort', stop, {once: true});
    const end = (): void => run.signal.removeEventListener('abort', stop);
    child.on('error', (error) => {
      end();
      reject(
        buildError('environment', 'git-not-started', `cannot start git: ${error.message}`, {cause: error}),
      );
    });
    child.on('close', (code) => {
      end();
      resolve({code, stdout: Buffer.concat(stdout).toString(), stderr});
    });
  });
}

const headerVariable = 'TSBUILD_GIT_HEADER';

/** Unlike configuration in the environment, these reach the git processes of submodules too. */
function settingsOf({header}: GitRun): string[] {
  const settings = fixedSettings.flatMap((setting) => ['-c', setting]);
  if (header !== undefined) settings.push(`--config-env=http.${header.scope}.extraHeader=${headerVariable}`);
  return settings;
}

function environmentOf({directory, origin, header, environment, sshAgent}: GitRun): Environment {
  const passed = Object.fromEntries(passedOn.map((name) => [name, environment[name]] as const));
  // docker and curl take a company's authority from here; git has a name of its own for it.
  const authority = environment['GIT_SSL_CAINFO'] ?? environment['SSL_CERT_FILE'];
  return {
    ...passed,
    ...(authority === undefined ? {} : {GIT_SSL_CAINFO: authority}),
    LC_ALL: 'C',
    HOME: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_ALLOW_PROTOCOL: transports,
    // The user's known hosts and keys count (ssh finds them by the uid), their aliases and commands do not.
    GIT_SSH_COMMAND: 'ssh -F /dev/null -o BatchMode=yes',
    ...(sshAgent === undefined ? {} : {SSH_AUTH_SOCK: sshAgent}),
    // No repository that happens to be around the working directory.
    ...(directory === undefined ? {GIT_DIR: '/nonexistent'} : {GIT_CEILING_DIRECTORIES: dirname(directory)}),
    ...(origin === undefined
      ? {}
      : {GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'remote.origin.url', GIT_CONFIG_VALUE_0: origin}),
    ...(header === undefined ? {} : {[headerVariable]: header.value}),
  };
}

function notInstalled(): Error {
  return buildError(
    'environment',
    'git-not-installed',
    'git is not installed, and a git repository is to be fetched',
    {
      hints: ['install the package git'],
    },
  );
}
