// Logging in: the registry is asked first, so that what is kept is known to work.

import {BuildError, buildError} from '../../diagnostics/build-error.ts';
import {RegistryClient} from '../../sources/registry/client.ts';
import {saveLogin} from '../../sources/registry/docker-logins.ts';
import {type EngineFiles, readEngineConfig} from '../engine.ts';

export interface Login {
  /** As in references: `docker.io`, `localhost:5000`. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

/** Gives the file that the password is in, if it is in one. Throws BuildError('user') when it is refused. */
export async function login(
  {host, username, password}: Login,
  files: EngineFiles,
  signal: AbortSignal,
): Promise<string | undefined> {
  const {environment} = files;
  const client = new RegistryClient({
    config: await readEngineConfig(files),
    environment,
    credentials: {lookup: async () => ({type: 'password', username, password})},
  });
  try {
    const answer = await client.send({domain: host, path: ''}, {path: '/', scope: '', signal});
    await answer.discard();
    if (answer.status !== 200) {
      const text = `${host} is no registry: its /v2/ answers with status ${answer.status}`;
      throw buildError('user', 'registry-invalid-answer', text, {hints: ['a registry is named HOST[:PORT]']});
    }
  } catch (error) {
    if (!(error instanceof BuildError) || error.diagnostics[0].code !== 'registry-denied') throw error;
    const {notes} = error.diagnostics[0];
    throw buildError('user', 'registry-login', `${host} refuses the password of ${username}`, {
      ...(notes === undefined ? {} : {notes}),
      hints: ['some registries take a token instead of the password'],
      cause: error,
    });
  } finally {
    await client.close();
  }
  return saveLogin(host, {username, password}, {environment, signal});
}
