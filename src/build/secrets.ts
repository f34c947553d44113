// The bytes of the build's secrets, read when somebody first needs one.

import {resolve} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {refusalText} from '../util/error-text.ts';
import type {BuildRequest} from './request.ts';
import type {ReadGiven} from './step.ts';

export type Secrets = Readonly<Record<string, Uint8Array>>;

/** BuildKit's bound; it also ends the reading of what has no end. */
const bytesMax = 500 * 1024;

/** Throws BuildError('usage') when one cannot be read or is larger than secrets may be. */
export async function readSecrets(request: BuildRequest, read: ReadGiven): Promise<Secrets> {
  const entries = Object.entries(request.secrets).map(async ([id, secret]): Promise<[string, Uint8Array]> => {
    const bytes =
      'env' in secret ? ofVariable(request, id, secret.env) : await ofFile(request, id, secret.file, read);
    if (bytes.length > bytesMax) {
      const source = 'env' in secret ? `environment variable ${secret.env}` : secret.file;
      throw refused(
        `--secret id=${id}: ${source} has more than ${bytesMax / 1024} KiB, the most that a secret may have`,
      );
    }
    return [id, bytes];
  });
  return Object.fromEntries(await Promise.all(entries));
}

function ofVariable(request: BuildRequest, id: string, name: string): Uint8Array {
  const text = request.environment[name];
  if (text === undefined) throw refused(`--secret id=${id}: environment variable ${name} is not set`);
  return Buffer.from(text);
}

async function ofFile(request: BuildRequest, id: string, file: string, read: ReadGiven): Promise<Uint8Array> {
  return read(resolve(request.workingDirectory, file), file, bytesMax).catch((error: unknown) => {
    throw refused(`--secret id=${id}: cannot read ${file}: ${refusalText(error)}`, error);
  });
}

function refused(message: string, cause?: unknown): Error {
  return buildError('usage', 'usage-secret', message, cause === undefined ? {} : {cause});
}
