// `--build-context NAME=VALUE`: what VALUE names, by its form (docker buildx). Planning gets images and trees; where a
// tree comes from is settled when somebody opens it.

import {stat} from 'node:fs/promises';
import {resolve} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import type {GitSource, HttpSource} from '../graph/op.ts';
import type {Digest} from '../oci/digest.ts';
import {isReferenceProblem, normalisedName, parseReference} from '../oci/reference.ts';
import type {NamedContext} from '../plan/plan.ts';
import {fileContextOf, gitContextOf} from './remote-context.ts';
import type {BuildRequest} from './request.ts';

/** Where the tree behind a LocalSource name comes from. */
export type TreeOrigin =
  | {readonly type: 'directory'; readonly directory: string}
  /** A file stays as it is: BuildKit unpacks only what is the main context. */
  | {readonly type: 'remote'; readonly source: GitSource | HttpSource};

export interface NamedContextSet {
  /** For planning. */
  readonly contexts: Readonly<Record<string, NamedContext>>;
  readonly trees: ReadonlyMap<string, TreeOrigin>;
  /** References that stand for images in OCI layouts. */
  readonly layouts: ReadonlyMap<string, {readonly directory: string; readonly root: Digest}>;
}

const imageScheme = 'docker-image://';
const layoutScheme = 'oci-layout://';
/** Forms of docker buildx bake, which has other builds to take them from. */
const bakeForms = ['target:', 'input:'];

/** Throws BuildError('usage') for a form that nobody knows, BuildError('user') for a directory that is not there. */
export async function readNamedContexts(request: BuildRequest): Promise<NamedContextSet> {
  const contexts: Record<string, NamedContext> = {};
  const trees = new Map<string, TreeOrigin>();
  const layouts = new Map<string, {directory: string; root: Digest}>();
  for (const [name, value] of Object.entries(request.buildContexts)) {
    if (value.startsWith(layoutScheme)) {
      const {reference, ...layout} = await layoutOf(name, value, request.workingDirectory);
      layouts.set(reference, layout);
      contexts[name] = {type: 'image', reference};
    } else if (value === `${imageScheme}scratch`) {
      contexts[name] = {type: 'empty'};
    } else if (value.startsWith(imageScheme)) {
      const reference = parseReference(value.slice(imageScheme.length));
      if (isReferenceProblem(reference)) throw malformed(name, reference.problem);
      contexts[name] = {type: 'image', reference: normalisedName(reference)};
    } else {
      trees.set(name, await treeOf(name, value, request.workingDirectory));
      contexts[name] = {type: 'local', name};
    }
  }
  return {contexts, trees, layouts};
}

async function treeOf(name: string, value: string, workingDirectory: string): Promise<TreeOrigin> {
  const bake = bakeForms.find((prefix) => value.startsWith(prefix));
  if (bake !== undefined) {
    throw buildError(
      'usage',
      'usage-build-context',
      `--build-context ${name}: ${bake} belongs to docker buildx bake`,
      {
        hints: ['a directory, docker-image://REF, oci-layout://DIR, a git or an http(s) URL can be given'],
      },
    );
  }
  const source = gitContextOf(value);
  if (source !== undefined) return {type: 'remote', source};
  if (/^https?:\/\//.test(value)) return {type: 'remote', source: fileContextOf(value)};
  const directory = resolve(workingDirectory, value);
  const found = await stat(directory).catch((error: NodeJS.ErrnoException) => error.code ?? String(error));
  if (typeof found !== 'string' && found.isDirectory()) return {type: 'directory', directory};
  const reason =
    typeof found !== 'string'
      ? 'is not a directory'
      : found === 'ENOENT'
        ? 'does not exist'
        : `cannot be read: ${found}`;
  throw buildError('user', 'context-missing', `--build-context ${name}: ${value} ${reason}`, {
    hints: ['a directory, docker-image://REF, oci-layout://DIR, a git or an http(s) URL can be given'],
  });
}

async function layoutOf(
  name: string,
  value: string,
  workingDirectory: string,
): Promise<{readonly reference: string; readonly directory: string; readonly root: Digest}> {
  const {parseLayoutAddress, rootDigestOf} = await import('../sources/oci-layout/layout.ts');
  const address = parseLayoutAddress(value);
  if ('problem' in address) throw malformed(name, address.problem);
  const directory = resolve(workingDirectory, address.directory);
  const root = await rootDigestOf({...address, directory});
  // Only the digest counts; the name is what people read in the steps.
  const [image = ''] = name.split('::', 1);
  const parsed = parseReference(image);
  const named = isReferenceProblem(parsed) ? {domain: 'docker.io', path: 'library/layout'} : parsed;
  return {reference: normalisedName({...named, digest: root}), directory, root};
}

function malformed(name: string, problem: string): Error {
  return buildError('usage', 'usage-build-context', `--build-context ${name}: ${problem}`);
}
