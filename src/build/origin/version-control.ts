// What provenance says of the repository that a build context of this machine is in, as buildx tells BuildKit: the
// commit, where the repository comes from, and where in it the directories are. Nothing of the machine itself.

import {realpath} from 'node:fs/promises';
import {dirname, join, relative, resolve} from 'node:path';
import {runGit} from '../../helper/git-process.ts';
import {type WorkTree, workTreeOf} from '../../sources/git/work-tree.ts';
import {goBool} from '../../util/go-bool.ts';
import {withoutCredentials} from '../../util/url-credentials.ts';
import {defaultDockerfile} from '../local-place.ts';
import type {BuildRequest} from '../request.ts';

type Asked = Pick<
  BuildRequest,
  'buildContexts' | 'context' | 'dockerfile' | 'dockerfileText' | 'environment' | 'workingDirectory'
>;

/** By BuildKit's keys; nothing where there is no repository, or $BUILDX_GIT_INFO is false. */
export async function versionControlOf(
  request: Asked,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const {context, environment, workingDirectory} = request;
  if (context.type !== 'directory' || goBool(environment['BUILDX_GIT_INFO'] ?? '') === false) return {};
  const place = resolve(workingDirectory, context.path);
  const tree = await workTreeOf(place);
  if (tree === undefined) return {};
  const {revision, source} = tree;
  const isDirty = revision !== undefined && (await isKnownDirty(tree, request, signal));
  const found: Record<string, string> = {
    ...(source === undefined ? {} : {source: withoutCredentials(escaped(source))}),
    ...(revision === undefined ? {} : {revision: isDirty ? `${revision}-dirty` : revision}),
  };
  for (const [name, directory] of localDirectories(request, place)) {
    const real = await realpath(directory).catch(() => undefined);
    const within = real === undefined ? '..' : relative(tree.root, real);
    if (within !== '..' && !within.startsWith('../')) found[`localdir:${name}`] = within || '.';
  }
  return found;
}

/** In a repository's configuration nothing is a variable, and what stands before the @ may be written as it is. */
function escaped(source: string): string {
  return source.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i, (head) =>
    head.replace(/[\s$"'<>]/g, (character) => `%${character.charCodeAt(0).toString(16)}`),
  );
}

function localDirectories(
  {buildContexts, dockerfile, dockerfileText, workingDirectory}: Asked,
  context: string,
): readonly (readonly [string, string])[] {
  const file =
    dockerfile === undefined ? join(context, defaultDockerfile) : resolve(workingDirectory, dockerfile);
  const isLocal = dockerfileText === undefined && !/^https?:\/\//.test(dockerfile ?? '');
  const named = Object.entries(buildContexts).filter(([, value]) => !/^[a-z][a-z0-9+.-]*:|^git@/.test(value));
  return [
    ['context', context],
    ...(isLocal ? [['dockerfile', dirname(file)] as const] : []),
    ...named.map(([name, value]) => [name, resolve(workingDirectory, value)] as const),
  ];
}

/** Only where $BUILDX_GIT_CHECK_DIRTY asks for it: git looks at every file. As buildx: what cannot be told is dirty. */
async function isKnownDirty({root}: WorkTree, {environment}: Asked, signal: AbortSignal): Promise<boolean> {
  if (goBool(environment['BUILDX_GIT_CHECK_DIRTY'] ?? '') !== true) return false;
  const ask = (args: readonly string[]) => runGit({args, directory: root, environment, signal});
  // A repository can name programs here, and may be somebody else's. Submodules have configurations of their own.
  const names = await ask([
    ...['config', '--name-only', '--get-regexp', String.raw`^filter\..*\.(clean|process|required)$`],
  ]).catch(() => '');
  const off = names
    .split('\n')
    .filter((name) => name !== '')
    .flatMap((name) => ['-c', `${name}=${name.endsWith('.required') ? 'false' : ''}`]);
  const args = ['-c', 'core.fsmonitor=false', ...off, 'status', '--porcelain', '--ignored'];
  const told = await ask([...args, '--ignore-submodules=dirty']).catch(() => 'cannot be told');
  signal.throwIfAborted();
  return told.trim() !== '';
}
