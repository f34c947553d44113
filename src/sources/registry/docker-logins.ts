// Writing what docker-credentials.ts reads: a login goes to the credential helper that docker's configuration names for
// the registry, else into config.json itself, which is replaced whole and keeps everything else it holds. Anything that
// docker wrote there is docker's: members we do not know stay as they are.

import {randomBytes} from 'node:crypto';
import {mkdir, readFile, realpath, rename, rm, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {inDockerFolder} from '../../config/docker-folder.ts';
import {buildError} from '../../diagnostics/build-error.ts';
import {eraseFromHelper, storeInHelper} from '../../helper/credential-helper.ts';
import {refusalText} from '../../util/error-text.ts';
import {dockerServer, helperOf, keyForHost, membersOf, unusable} from './docker-credentials.ts';

export interface LoginPlace {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Keeps the password for `host`; gives the file it is in, undefined for a helper's own place. */
export async function saveLogin(
  host: string,
  {username, password}: {readonly username: string; readonly password: string},
  place: LoginPlace,
): Promise<string | undefined> {
  const {path, document} = await readDocument(place);
  const server = dockerServer(host);
  const helper = helperFor(document, host);
  const auths = {...membersOf(document['auths'])};
  if (helper !== undefined) {
    await storeInHelper({name: helper, server, ...place}, {username, secret: password});
    // docker's mark that the helper knows it.
    await replace(path, {...document, auths: {...auths, [server]: {}}});
    return undefined;
  }
  const auth = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  await replace(path, {...document, auths: {...auths, [server]: {auth}}});
  return path;
}

/** Forgets the login for `host`; false when there was none. */
export async function eraseLogin(host: string, place: LoginPlace): Promise<boolean> {
  const {path, document} = await readDocument(place);
  const server = dockerServer(host);
  const helper = helperFor(document, host);
  let known = helper !== undefined && (await eraseFromHelper({name: helper, server, ...place}));
  const auths = {...membersOf(document['auths'])};
  for (let key: string | undefined = server; key !== undefined; key = keyForHost(auths, host)) {
    if (key in auths) known = true;
    delete auths[key];
  }
  if (known) await replace(path, {...document, auths});
  return known;
}

function helperFor(document: Readonly<Record<string, unknown>>, host: string): string | undefined {
  return helperOf(membersOf(document['credHelpers']), document['credsStore'], host);
}

async function readDocument({
  environment,
}: LoginPlace): Promise<{path: string; document: Readonly<Record<string, unknown>>}> {
  const path = inDockerFolder(environment, 'config.json');
  if (path === undefined) {
    throw buildError('environment', 'registry-docker-config', 'there is no place for logins: no HOME', {
      hints: ['set HOME or DOCKER_CONFIG'],
    });
  }
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {path, document: {}};
    throw unusable(path, code ?? String(error), error);
  }
  try {
    return {path, document: membersOf(JSON.parse(text))};
  } catch {
    throw unusable(path, 'it is no JSON');
  }
}

async function replace(path: string, document: object): Promise<void> {
  // A link stays a link.
  const file = await realpath(path).catch(() => path);
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dirname(path), {recursive: true, mode: 0o700});
    await writeFile(temporary, `${JSON.stringify(document, null, '\t')}\n`, {mode: 0o600, flag: 'wx'});
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, {force: true});
    throw unusable(path, refusalText(error), error);
  }
}
