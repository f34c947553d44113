// Where the lock file of a build is: beside its Dockerfile, unless --lock-file says otherwise.

import {join, resolve} from 'node:path';
import type {BuildRequest} from '../build/request.ts';
import {buildError} from '../diagnostics/build-error.ts';
import type {FlagValues} from './flag-values.ts';
import type {CliIo} from './io.ts';

/** Throws BuildError('usage') when there is no place beside a Dockerfile. */
export function lockPathOf(
  flags: FlagValues,
  {context, dockerfile}: Pick<BuildRequest, 'context' | 'dockerfile'>,
  io: CliIo,
): string {
  const given = flags.last('lock-file');
  if (given !== undefined && given !== '') return resolve(io.cwd, given);
  const isFile = dockerfile !== undefined && dockerfile !== '-' && !/^https?:\/\//.test(dockerfile);
  if (isFile) return `${resolve(io.cwd, dockerfile)}.lock`;
  if (dockerfile === undefined && context.type === 'directory') return join(context.path, 'Dockerfile.lock');
  throw buildError(
    'usage',
    'cli-lock-file',
    'the Dockerfile is not a file here: name a lock with --lock-file',
  );
}
