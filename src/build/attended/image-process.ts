// What docker run makes of an image's config and its flags: the command, the environment, the rest of a process.

import {buildError} from '../../diagnostics/build-error.ts';
import type {ImageConfig} from '../../oci/image-config.ts';
import type {Platform} from '../../oci/platform.ts';
import type {SandboxProcess} from '../../ops/exec/exec-arguments.ts';
import type {RunRequest} from './run-request.ts';

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Throws BuildError('user') when there is nothing to run. */
export function processOf(image: ImageConfig, request: RunRequest, platform: Platform): SandboxProcess {
  const {config} = image;
  return {
    args: commandOf(image, request),
    env: environmentOf(config.Env ?? [], request),
    cwd: request.workdir || config.WorkingDir || '/',
    user: request.user ?? config.User ?? '',
    hostname: request.hostname,
    network: request.network,
    security: 'sandbox',
    extraHosts: request.extraHosts,
    proxyEnv: [],
    shmSizeBytes: request.shmSizeBytes,
    ulimits: request.ulimits,
    platform,
  };
}

/** An entrypoint given on the command line takes the image's CMD away, too. */
function commandOf({config}: ImageConfig, {entrypoint, command, image}: RunRequest): readonly string[] {
  const program =
    entrypoint === undefined ? (config.Entrypoint ?? []) : entrypoint === '' ? [] : [entrypoint];
  const args = command.length > 0 || entrypoint !== undefined ? command : (config.Cmd ?? []);
  const whole = [...program, ...args];
  if (whole.length > 0) return whole;
  throw buildError('user', 'run-no-command', `${image} has no command of its own`, {
    hints: [`name one: tsbuild run ${image} COMMAND`],
  });
}

/** docker's additions first, then the image's, then the flags'; each name once, where it first stood. */
function environmentOf(imageEnv: readonly string[], request: RunRequest): string[] {
  const values = new Map<string, string>();
  const added = [defaultPath, `HOSTNAME=${request.hostname}`, ...(request.tty ? ['TERM=xterm'] : [])];
  for (const entry of [...added, ...imageEnv, ...request.env]) {
    const equals = entry.indexOf('=');
    if (equals < 0) values.delete(entry);
    else values.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}
