// Where a docker daemon listens, found as docker's own command finds it: a named context, DOCKER_HOST, DOCKER_CONTEXT,
// the current context of config.json, or else the usual socket.

import {createHash} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {inDockerFolder} from '../config/docker-folder.ts';
import {buildError} from '../diagnostics/build-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Tls {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly verify: boolean;
}

export type Endpoint =
  | {readonly type: 'socket'; readonly path: string}
  | {readonly type: 'network'; readonly host: string; readonly port: number; readonly tls: Tls | undefined};

export interface FoundEndpoint {
  readonly endpoint: Endpoint;
  /** For messages. */
  readonly address: string;
  /** The user named it: it is this one or none. */
  readonly isNamed: boolean;
}

const usualAddress = 'unix:///var/run/docker.sock';
const plainPort = 2375;
const tlsPort = 2376;

/** Throws BuildError for a context that there is not, and for an address that cannot be spoken to. */
export async function dockerEndpoint(
  environment: Environment,
  context: string | undefined,
): Promise<FoundEndpoint> {
  const {DOCKER_HOST: host, DOCKER_CONTEXT: chosen} = environment as {
    DOCKER_HOST?: string;
    DOCKER_CONTEXT?: string;
  };
  const name = context || (host ? undefined : chosen || (await currentContext(environment)));
  if (name !== undefined && name !== 'default') return contextEndpoint(environment, name);
  const address = host || usualAddress;
  return {
    endpoint: endpointOf(address, await environmentTls(environment)),
    address,
    isNamed: Boolean(host) || context !== undefined,
  };
}

async function currentContext(environment: Environment): Promise<string | undefined> {
  const text = await textOf(inDockerFolder(environment, 'config.json'));
  const {currentContext: name} = (text === undefined ? {} : json(text)) as {currentContext?: unknown};
  return typeof name === 'string' && name !== '' ? name : undefined;
}

async function contextEndpoint(environment: Environment, name: string): Promise<FoundEndpoint> {
  // docker keeps a context in a directory named by the digest of its name.
  const id = createHash('sha256').update(name).digest('hex');
  const text = await textOf(inDockerFolder(environment, 'contexts', 'meta', id, 'meta.json'));
  if (text === undefined) {
    throw buildError('user', 'docker-no-context', `there is no docker context "${name}"`, {
      hints: ['docker context ls lists them'],
    });
  }
  const {Endpoints: endpoints} = json(text) as {Endpoints?: {docker?: Record<string, unknown>}};
  const address = endpoints?.docker?.['Host'];
  if (typeof address !== 'string' || address === '') {
    throw buildError('user', 'docker-bad-context', `the docker context "${name}" names no host of docker`);
  }
  const file = (part: string): Promise<Buffer | undefined> =>
    bytesOf(inDockerFolder(environment, 'contexts', 'tls', id, 'docker', part));
  const [ca, cert, key] = await Promise.all([file('ca.pem'), file('cert.pem'), file('key.pem')]);
  const verify = endpoints?.docker?.['SkipTLSVerify'] !== true;
  const tls = ca === undefined && cert === undefined ? undefined : {ca, cert, key, verify};
  return {endpoint: endpointOf(address, tls), address, isNamed: true};
}

async function environmentTls(environment: Environment): Promise<Tls | undefined> {
  const verify = Boolean(environment['DOCKER_TLS_VERIFY']);
  if (!verify && !environment['DOCKER_TLS']) return undefined;
  const folder = environment['DOCKER_CERT_PATH'];
  const file = (part: string): Promise<Buffer | undefined> =>
    bytesOf(folder ? join(folder, part) : inDockerFolder(environment, part));
  const [ca, cert, key] = await Promise.all([file('ca.pem'), file('cert.pem'), file('key.pem')]);
  return {ca, cert, key, verify};
}

function endpointOf(address: string, tls: Tls | undefined): Endpoint {
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(address) ?? [];
  if (scheme === 'unix' && rest !== '') return {type: 'socket', path: rest};
  if (scheme === 'tcp' || scheme === 'http' || scheme === 'https') {
    const {hostname, port, pathname} = URL.canParse(`http://${rest}`) ? new URL(`http://${rest}`) : {};
    if (hostname !== undefined && hostname !== '' && pathname === '/') {
      const secured = tls ?? (scheme === 'https' ? systemTls : undefined);
      const usual = secured === undefined ? plainPort : tlsPort;
      return {type: 'network', host: hostname, port: Number(port) || usual, tls: secured};
    }
  }
  const hint = scheme === 'ssh' ? ['ssh -NL SOCKET:/var/run/docker.sock HOST makes a socket of it'] : [];
  throw buildError(
    'user',
    'docker-bad-host',
    `docker at ${address} cannot be reached: expected unix:// or tcp://`,
    {hints: hint},
  );
}

const systemTls: Tls = {ca: undefined, cert: undefined, key: undefined, verify: true};

async function bytesOf(path: string | undefined): Promise<Buffer | undefined> {
  return path === undefined ? undefined : readFile(path).catch(() => undefined);
}

async function textOf(path: string | undefined): Promise<string | undefined> {
  return (await bytesOf(path))?.toString('utf8');
}

/** Broken files of others are as good as none. */
function json(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
