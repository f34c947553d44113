// Where docker keeps what a user set: DOCKER_CONFIG, or else ~/.docker.

import {join} from 'node:path';

/** The path of `parts` in it, whether or not it is there; undefined without a home. */
export function inDockerFolder(
  environment: Readonly<Record<string, string | undefined>>,
  ...parts: readonly string[]
): string | undefined {
  const {DOCKER_CONFIG: folder, HOME: home} = environment as {DOCKER_CONFIG?: string; HOME?: string};
  const base = folder || (home ? join(home, '.docker') : undefined);
  return base === undefined ? undefined : join(base, ...parts);
}
