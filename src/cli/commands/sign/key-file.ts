// Keys that a flag names: a file, or `env://NAME`, as cosign has it. What is in them is the room signature's affair,
// which is loaded where there is a key: every build asks for one.

import {resolve} from 'node:path';
import {buildError} from '../../../diagnostics/build-error.ts';
import type {KeyProblem, SigningKey, VerifyingKey} from '../../../signature/keys.ts';
import {readGivenFile} from '../../../store/given-file.ts';
import {errorText} from '../../../util/error-text.ts';
import type {FlagValues} from '../../flag-values.ts';
import {signKeyFlag} from '../../flags.ts';
import type {CliIo} from '../../io.ts';

export const passwordVariable = 'COSIGN_PASSWORD';
const variablePrefix = 'env://';

/** Throws BuildError. */
export async function signingKeyAt(place: string, io: CliIo, signal?: AbortSignal): Promise<SigningKey> {
  const pem = await pemAt(place, io, signal);
  const password = io.env[passwordVariable] ?? '';
  const {readSigningKey} = await import('../../../signature/keys.ts');
  return orFail(readSigningKey(pem, password), place);
}

/** The key of --sign-key, which signs what is pushed. Throws BuildError. */
export async function pushSigningKey(
  flags: FlagValues,
  io: CliIo,
  signal: AbortSignal,
): Promise<SigningKey | undefined> {
  const place = flags.last(signKeyFlag.name);
  return place === undefined ? undefined : signingKeyAt(place, io, signal);
}

/** Throws BuildError. */
export async function verifyingKeyAt(place: string, io: CliIo, signal: AbortSignal): Promise<VerifyingKey> {
  const {readVerifyingKey} = await import('../../../signature/keys.ts');
  return orFail(readVerifyingKey(await pemAt(place, io, signal)), place);
}

function orFail<Key extends object>(key: Key | KeyProblem, place: string): Key {
  if (!('problem' in key)) return key;
  const isSealed = key.problem.includes('password');
  const hints = isSealed ? [`its password is taken from $${passwordVariable}`] : [];
  throw buildError('user', 'key-unusable', `${place} is no key to use: ${key.problem}`, {hints});
}

async function pemAt(place: string, {cwd, env}: CliIo, signal: AbortSignal | undefined): Promise<string> {
  if (place.startsWith(variablePrefix)) {
    const name = place.slice(variablePrefix.length);
    const pem = env[name];
    if (pem) return pem;
    throw buildError('user', 'key-unreadable', `the environment variable ${name} holds no key`);
  }
  const bytes = await readGivenFile(resolve(cwd, place), {signal}).catch((cause: unknown) => {
    const why = (cause as NodeJS.ErrnoException).code ?? errorText(cause);
    throw buildError('user', 'key-unreadable', `cannot read the key ${place}: ${why}`, {cause});
  });
  return bytes.toString();
}
