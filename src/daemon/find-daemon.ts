// Which daemon is meant: docker when it answers, else podman where it is installed.

import {buildError} from '../diagnostics/build-error.ts';
import type {Daemon} from './daemon.ts';
import {DockerDaemon} from './docker-daemon.ts';
import {dockerEndpoint, type Environment} from './endpoint.ts';
import {PodmanProgram} from './podman-program.ts';

/**
 * The one that is meant; undefined when there is none. Throws BuildError when the one that the user named (`context`,
 * or the environment) does not answer.
 */
export async function findDaemon(
  environment: Environment,
  context: string | undefined,
): Promise<Daemon | undefined> {
  const {endpoint, address, isNamed} = await dockerEndpoint(environment, context);
  const docker = await DockerDaemon.reach(endpoint, address);
  if (docker !== undefined) return docker;
  if (isNamed) {
    throw buildError('environment', 'docker-not-running', `docker does not answer at ${address}`, {
      hints: ['-o type=image puts the image into the local store only'],
    });
  }
  return PodmanProgram.find(environment);
}
