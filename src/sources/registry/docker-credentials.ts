// Who the user is to a registry, as docker keeps it: `auths` in DOCKER_AUTH_CONFIG, and `auths`, `credHelpers` and
// `credsStore` of config.json in DOCKER_CONFIG or ~/.docker. Read when a registry first asks, never before. docker.io
// is filed under its old index address.

import {readFile} from 'node:fs/promises';
import {inDockerFolder} from '../../config/docker-folder.ts';
import {buildError} from '../../diagnostics/build-error.ts';
import type {CredentialHelperRequest, HelperCredential} from '../../helper/credential-helper.ts';

export type Credential =
  | {readonly type: 'password'; readonly username: string; readonly password: string}
  /** An OAuth2 refresh token, exchanged at the token server. */
  | {readonly type: 'identity'; readonly token: string}
  /** Sent to the registry as it is. */
  | {readonly type: 'bearer'; readonly token: string};

export interface CredentialSource {
  /** What is known for `host` as in references (`docker.io`); undefined: anonymous. */
  lookup(host: string, signal: AbortSignal): Promise<Credential | undefined>;
}

export interface DockerCredentialOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readFile(path: string): Promise<string>;
  askHelper(request: CredentialHelperRequest): Promise<HelperCredential | undefined>;
}

interface DockerConfig {
  readonly auths: Readonly<Record<string, unknown>>;
  readonly helpers: Readonly<Record<string, unknown>>;
  readonly store?: string;
}

const hubServer = 'https://index.docker.io/v1/';

/** The name that docker files a registry under. */
export function dockerServer(host: string): string {
  return host === 'docker.io' ? hubServer : host;
}

/** Those of the user whose environment it is. */
export function userCredentials(environment: DockerCredentialOptions['environment']): DockerCredentials {
  return new DockerCredentials({
    environment,
    readFile: (path) => readFile(path, 'utf8'),
    askHelper: async (request) => {
      const {askCredentialHelper} = await import('../../helper/credential-helper.ts');
      return askCredentialHelper(request);
    },
  });
}

export class DockerCredentials implements CredentialSource {
  readonly #options: DockerCredentialOptions;
  #config: Promise<DockerConfig> | undefined;
  readonly #found = new Map<string, Promise<Credential | undefined>>();

  constructor(options: DockerCredentialOptions) {
    this.#options = options;
  }

  lookup(host: string, signal: AbortSignal): Promise<Credential | undefined> {
    const known = this.#found.get(host);
    if (known !== undefined) return known;
    const found = this.#find(host, signal);
    this.#found.set(host, found);
    // An abort of one build must not stick.
    found.catch(() => this.#found.delete(host));
    return found;
  }

  /** Names of the programs that the configuration asks, each once. */
  async helperPrograms(): Promise<readonly string[]> {
    this.#config ??= this.#read();
    const {helpers, store} = await this.#config;
    const names = [...Object.values(helpers), store].filter(
      (name) => typeof name === 'string' && name !== '',
    );
    return [...new Set(names)].map((name) => `docker-credential-${name}`);
  }

  async #find(host: string, signal: AbortSignal): Promise<Credential | undefined> {
    const named = authFor(this.#auths(), host);
    if (named !== undefined) return named;
    this.#config ??= this.#read();
    const config = await this.#config;
    const server = dockerServer(host);
    const helper = helperOf(config.helpers, config.store, host);
    if (helper !== undefined) {
      const {environment, askHelper} = this.#options;
      const answer = await askHelper({name: helper, server, environment, signal});
      if (answer !== undefined) {
        return answer.username === '<token>'
          ? {type: 'identity', token: answer.secret}
          : {type: 'password', username: answer.username, password: answer.secret};
      }
    }
    return authFor(config.auths, host);
  }

  /** DOCKER_AUTH_CONFIG goes before files and helpers, as in docker 28. */
  #auths(): Readonly<Record<string, unknown>> {
    const text = this.#options.environment['DOCKER_AUTH_CONFIG'];
    if (text === undefined || text === '') return {};
    try {
      return membersOf(membersOf(JSON.parse(text))['auths']);
    } catch {
      // As below: the parser would quote a password.
      throw unusable('DOCKER_AUTH_CONFIG', 'it is no JSON', undefined, 'mend it, or unset it');
    }
  }

  async #read(): Promise<DockerConfig> {
    const path = inDockerFolder(this.#options.environment, 'config.json');
    if (path === undefined) return {auths: {}, helpers: {}};
    let text: string;
    try {
      text = await this.#options.readFile(path);
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return {auths: {}, helpers: {}};
      throw unusable(path, code ?? String(error), error);
    }
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      // Without the parser's error as cause: it quotes the text, which holds passwords.
      throw unusable(path, 'it is no JSON');
    }
    const {auths, credHelpers, credsStore} = membersOf(document) as {
      auths?: unknown;
      credHelpers?: unknown;
      credsStore?: unknown;
    };
    return {
      auths: membersOf(auths),
      helpers: membersOf(credHelpers),
      ...(typeof credsStore === 'string' ? {store: credsStore} : {}),
    };
  }
}

function authFor(auths: Readonly<Record<string, unknown>>, host: string): Credential | undefined {
  const server = dockerServer(host);
  const key = Object.keys(auths).find((name) => name === server) ?? keyForHost(auths, host);
  return key === undefined ? undefined : readAuth(auths[key]);
}

/** Old clients filed hosts as `https://host/v1/`. */
export function keyForHost(auths: Readonly<Record<string, unknown>>, host: string): string | undefined {
  const hosts = host === 'docker.io' ? ['docker.io', 'index.docker.io', 'registry-1.docker.io'] : [host];
  return Object.keys(auths).find((key) =>
    hosts.includes(key.replace(/^https?:\/\//, '').split('/', 1)[0] ?? ''),
  );
}

function readAuth(value: unknown): Credential | undefined {
  const entry = membersOf(value) as Record<
    'auth' | 'username' | 'password' | 'identitytoken' | 'registrytoken',
    unknown
  >;
  if (typeof entry.registrytoken === 'string' && entry.registrytoken !== '') {
    return {type: 'bearer', token: entry.registrytoken};
  }
  if (typeof entry.identitytoken === 'string' && entry.identitytoken !== '') {
    return {type: 'identity', token: entry.identitytoken};
  }
  let {username, password} = entry;
  if (typeof entry.auth === 'string' && entry.auth !== '') {
    const text = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon > 0) {
      username = text.slice(0, colon);
      // docker pads old entries with NULs.
      password = text.slice(colon + 1).replace(/\0+$/, '');
    }
  }
  if (typeof username !== 'string' || typeof password !== 'string' || username === '') return undefined;
  return {type: 'password', username, password};
}

export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

export function unusable(
  path: string,
  reason: string,
  cause?: unknown,
  hint = 'mend it, or set DOCKER_CONFIG to another directory',
): Error {
  return buildError('environment', 'registry-docker-config', `cannot use ${path}: ${reason}`, {
    hints: [hint],
    cause,
  });
}

/** The helper that has the login of `host`: one of its own, or the store of all. */
export function helperOf(
  helpers: Readonly<Record<string, unknown>>,
  store: unknown,
  host: string,
): string | undefined {
  const named = helpers[dockerServer(host)] ?? helpers[host];
  const name = typeof named === 'string' ? named : store;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
