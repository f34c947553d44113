// A project of `fixtures/builds` as a test builds it: a copy that may be edited, and a state directory that starts
// empty but for the cache mounts of earlier runs, so that packages are fetched once and not by every run.

import {cp, mkdir, readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {repository, type Workspace} from './command.ts';

const proxies = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'];

export interface Project {
  readonly context: string;
  readonly root: string;
}

export async function openProject(space: Workspace, name: string): Promise<Project> {
  const context = join(space.folder, name);
  await cp(join(repository, 'fixtures', 'builds', name, 'context'), context, {recursive: true});
  const root = join(repository, '.cache', 'projects', name);
  await mkdir(root, {recursive: true});
  for (const entry of await readdir(root)) {
    if (entry !== 'cache-mounts') await rm(join(root, entry), {recursive: true, force: true});
  }
  return {context, root};
}

/** What a user behind a proxy passes on; a name that is not in the environment is no argument. */
export const proxyArgs: readonly string[] = [...proxies, 'NO_PROXY', 'no_proxy'].flatMap((name) => [
  '--build-arg',
  name,
]);

/** Why a project that fetches packages from this address cannot be built here, if so; a proxy is trusted to reach it. */
export async function whyNoProject(address: string): Promise<string | undefined> {
  const reason = await findReason(address);
  if (reason !== undefined && process.env['TSBUILD_SYSTEM_MUST_WORK'] === '1') throw new Error(reason);
  if (reason !== undefined) process.stderr.write(`the project is not built: ${reason}\n`);
  return reason;
}

async function findReason(address: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'its base image and podman need root';
  if (proxies.some((name) => process.env[name])) return undefined;
  const request = fetch(address, {method: 'HEAD', signal: AbortSignal.timeout(20_000)});
  return request.then(
    () => undefined,
    () => `${address} is not reachable`,
  );
}
