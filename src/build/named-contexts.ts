// `--build-context NAME=VALUE`: what VALUE names, by its form (docker buildx).

import {resolve} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {normalisedName, parseReference} from '../oci/reference.ts';
import type {NamedContext} from '../plan/plan.ts';
import type {BuildRequest} from './request.ts';

const imageScheme = 'docker-image://';
const unsupportedForms = [
  'oci-layout://',
  'https://',
  'http://',
  'git://',
  'git@',
  'target:',
  'input:',
  'github.com/',
];

export function namedContextsOf(request: BuildRequest): Readonly<Record<string, NamedContext>> {
  return Object.fromEntries(
    Object.entries(request.buildContexts).map(([name, value]): [string, NamedContext] => {
      if (!value.startsWith(imageScheme)) return [name, {type: 'local', name}];
      const reference = parseReference(value.slice(imageScheme.length));
      if ('problem' in reference) {
        throw buildError('usage', 'usage-build-context', `--build-context ${name}: ${reference.problem}`);
      }
      return [name, {type: 'image', reference: normalisedName(reference)}];
    }),
  );
}

/** Host directories of the local named contexts. Throws BuildError('usage') on a form that is not supported. */
export function localDirectoriesOf(request: BuildRequest): ReadonlyMap<string, string> {
  const directories = new Map<string, string>();
  for (const [name, value] of Object.entries(request.buildContexts)) {
    if (value.startsWith(imageScheme)) continue;
    const form = unsupportedForms.find((prefix) => value.startsWith(prefix));
    if (form !== undefined) {
      throw buildError(
        'usage',
        'usage-build-context',
        `--build-context ${name}: ${form} is not supported yet`,
        {
          hints: ['a directory and docker-image://REF are'],
        },
      );
    }
    directories.set(name, resolve(request.workingDirectory, value));
  }
  return directories;
}
