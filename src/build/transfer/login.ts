// Logging in: the registry is asked first, so that what is kept is known to work.

import {BuildError, buildError} from '../../diagnostics/build-error.ts';
import {RegistryClient} from '../../sources/registry/client.ts';
import {type Credential, userCredentials} from '../../sources/registry/docker-credentials.ts';
import {saveLogin} from '../../sources/registry/docker-logins.ts';
import {type EngineFiles, readEngineConfig} from '../engine.ts';

export interface Login {
  /** As in references: `docker.io`, `localhost:5000`. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

/** The user whose password docker's configuration or helper has for the registry. */
export async function knownUser(
  host: string,
  {environment}: EngineFiles,
  signal: AbortSignal,
): Promise<string | undefined> {
  const known = await userCredentials(environment).lookup(host, signal);
  return known?.type === 'password' ? known.username : undefined;
}

/** Whether the registry takes what docker's configuration or helper has for it. */
export async function loginAgain(host: string, files: EngineFiles, signal: AbortSignal): Promise<boolean> {
  const known = await userCredentials(files.environment).lookup(host, signal);
  if (known === undefined) return false;
  return (await refusalOf(host, known, files, signal)) === undefined;
}

/** Gives the file that the password is in, if it is in one. Throws BuildError('user') when it is refused. */
export async function login(
  {host, username, password}: Login,
  files: EngineFiles,
  signal: AbortSignal,
): Promise<string | undefined> {
  const refusal = await refusalOf(host, {type: 'password', username, password}, files, signal);
  if (refusal !== undefined) {
    const {notes} = refusal.diagnostics[0];
    throw buildError('user', 'registry-login', `${host} refuses the password of ${username}`, {
      ...(notes === undefined ? {} : {notes}),
      hints: ['some registries take a token instead of the password'],
      cause: refusal,
    });
  }
  return saveLogin(host, {username, password}, {environment: files.environment, signal});
}

/** Why the registry does not take the credential; undefined: it does. Throws where it cannot be asked. */
async function refusalOf(
  host: string,
  credential: Credential,
  files: EngineFiles,
  signal: AbortSignal,
): Promise<BuildError | undefined> {
  const client = new RegistryClient({
    config: await readEngineConfig(files),
    environment: files.environment,
    credentials: {lookup: async () => credential},
  });
  try {
    const answer = await client.send({domain: host, path: ''}, {path: '/', scope: '', signal});
    await answer.discard();
    if (answer.status === 200) return undefined;
    const text = `${host} is no registry: its /v2/ answers with status ${answer.status}`;
    throw buildError('user', 'registry-invalid-answer', text, {hints: ['a registry is named HOST[:PORT]']});
  } catch (error) {
    if (error instanceof BuildError && error.diagnostics[0].code === 'registry-denied') return error;
    throw error;
  } finally {
    await client.close();
  }
}
