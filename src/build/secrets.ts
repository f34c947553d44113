// The bytes of the build's secrets, read when somebody first needs one.

import {readFile} from 'node:fs/promises';
import {resolve} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {refusalText} from '../util/error-text.ts';
import type {BuildRequest} from './request.ts';

export type Secrets = Readonly<Record<string, Uint8Array>>;

/** Throws BuildError('usage') when one cannot be read. */
export async function readSecrets(request: BuildRequest): Promise<Secrets> {
  const entries = Object.entries(request.secrets).map(async ([id, secret]): Promise<[string, Uint8Array]> => {
    if ('env' in secret) {
      const text = request.environment[secret.env];
      if (text === undefined) {
        throw buildError(
          'usage',
          'usage-secret',
          `--secret id=${id}: environment variable ${secret.env} is not set`,
        );
      }
      return [id, Buffer.from(text)];
    }
    const path = resolve(request.workingDirectory, secret.file);
    try {
      return [id, await readFile(path)];
    } catch (error) {
      throw buildError(
        'usage',
        'usage-secret',
        `--secret id=${id}: cannot read ${secret.file}: ${refusalText(error)}`,
        {
          cause: error,
        },
      );
    }
  });
  return Object.fromEntries(await Promise.all(entries));
}
