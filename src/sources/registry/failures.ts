// What a user reads when an image cannot be had: which host, what it said, which mirrors were tried before, and what
// can be done. The registry's own failure decides; its mirrors' are notes.

import {BuildError, buildError} from '../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import {errorText} from '../../util/error-text.ts';
import type {Endpoint} from './endpoints.ts';
import {NetworkFailure} from './network-failure.ts';
import {StorageRefusal, TryLater} from './retry.ts';
import {AccessDenied} from './session.ts';

/** 404: the registry has no such manifest or blob. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
  readonly detail: string;

  constructor(detail: string) {
    super('not found');
    this.detail = detail;
  }
}

/** An answer that is none: bytes of another digest, a body that is no manifest. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
  readonly code: 'registry-wrong-digest' | 'registry-invalid-answer';
  /** Who gave it, when that is not plain from the endpoint. */
  readonly host: string | undefined;

  constructor(code: 'registry-wrong-digest' | 'registry-invalid-answer', message: string, host?: string) {
    super(message);
    this.code = code;
    this.host = host;
  }
}

export interface EndpointFailure {
  readonly endpoint: Endpoint;
  readonly error: unknown;
}

/** Whether another endpoint may do better; anything else is a bug or an abort. */
export function isEndpointFailure(error: unknown): boolean {
  const expected = [NotFound, BadAnswer, AccessDenied, StorageRefusal, TryLater, NetworkFailure, BuildError];
  return expected.some((kind) => error instanceof kind);
}

/**
 * One failure for `what` (`docker.io/library/busybox:latest`) out of those of all endpoints, the registry's own last.
 */
export function failureOf(what: string, failures: readonly [EndpointFailure, ...EndpointFailure[]]): Error {
  const decisive = failures[failures.length - 1] ?? failures[0];
  const {endpoint, error} = decisive;
  const notes = failures
    .filter((failure) => failure !== decisive)
    .map((failure) => `mirror ${failure.endpoint.host}: ${summaryOf(failure.error)}`);
  if (error instanceof BuildError) return error;
  if (error instanceof NotFound) return notFound(what, notes);
  if (error instanceof AccessDenied) return denied(what, endpoint, error, notes);
  if (error instanceof StorageRefusal) return refusedByStorage(what, endpoint, error, notes);
  if (error instanceof TryLater) return busy(what, endpoint, error, notes);
  if (error instanceof NetworkFailure) return unreachable(what, endpoint, error, notes);
  if (error instanceof BadAnswer) {
    return buildError(
      'environment',
      error.code,
      `${what}: ${error.host ?? endpoint.host} gave ${error.message}`,
      {
        ...listed('notes', notes),
        hints: [
          'the registry, or something between it and here, is broken; try again, or pull from another one',
        ],
        cause: error,
      },
    );
  }
  throw error;
}

/** A mirror that does not answer, so that `instead` is asked. */
export function passedOver(
  {host, namespace}: Endpoint,
  error: NetworkFailure,
  instead: Endpoint,
): Diagnostic {
  return {
    severity: 'warning',
    code: 'registry-mirror',
    message: `mirror ${host} is passed over: ${error.message}; ${instead.host} is asked instead`,
    hints: [`mend it, or take it out of mirrors below [registry."${namespace}"] in tsbuild.toml`],
  };
}

function summaryOf(error: unknown): string {
  if (error instanceof NotFound) return 'not found';
  if (error instanceof AccessDenied) return 'access denied';
  if (error instanceof TryLater) return `status ${error.status}`;
  return errorText(error);
}

function notFound(what: string, notes: readonly string[]): Error {
  return buildError('user', 'registry-not-found', `${what}: not found`, {
    hints: ['check the name and the tag; a private image may need a login'],
    ...listed('notes', notes),
  });
}

function denied(what: string, endpoint: Endpoint, error: AccessDenied, notes: readonly string[]): Error {
  const login = endpoint.name === 'docker.io' ? 'tsbuild login' : `tsbuild login ${endpoint.name}`;
  const message = `${what}: access denied, repository does not exist or may require authorization`;
  return buildError('user', 'registry-denied', message, {
    hints: [
      error.loggedIn
        ? `the login for ${endpoint.name} has no access to it; log in again with ${login}`
        : `check the name, or log in with ${login}`,
    ],
    ...listed('notes', [
      ...(error.detail === '' ? [] : [`${endpoint.host} says: ${error.detail}`]),
      ...notes,
    ]),
  });
}

function refusedByStorage(
  what: string,
  endpoint: Endpoint,
  {host, status, detail}: StorageRefusal,
  notes: readonly string[],
): Error {
  const message = `${what}: ${host}, where registry ${endpoint.host} sends for it, refused the request (status ${status})`;
  return buildError('environment', 'registry-storage-refused', message, {
    hints: [
      'what the registry signs is good for a short time: try again, and check the clock of this machine and the proxy',
    ],
    ...listed('notes', [...(detail === '' ? [] : [`${host} says: ${detail}`]), ...notes]),
  });
}

function busy(what: string, endpoint: Endpoint, error: TryLater, notes: readonly string[]): Error {
  const {status, afterMs, detail} = error;
  const said = detail === '' ? [] : [`${endpoint.host} says: ${detail}`];
  if (status !== 429) {
    const message = `${what}: registry ${endpoint.host} has an error of its own (status ${status})`;
    return buildError('environment', 'registry-server-error', message, {
      hints: ['try again later'],
      ...listed('notes', [...said, ...notes]),
    });
  }
  const when = afterMs === undefined ? 'try again later' : `try again in ${Math.ceil(afterMs / 1000)} s`;
  const message = `${what}: registry ${endpoint.host} allows no more requests for now (status 429)`;
  return buildError('environment', 'registry-rate-limited', message, {
    hints: [
      `${when}, log in for a higher limit, or use a mirror: mirrors = ["host"] below [registry."${endpoint.name}"]`,
    ],
    ...listed('notes', [...said, ...notes]),
  });
}

function unreachable(
  what: string,
  endpoint: Endpoint,
  error: NetworkFailure,
  notes: readonly string[],
): Error {
  const code = error.kind === 'timeout' ? 'registry-timeout' : 'registry-unreachable';
  const via = error.host === endpoint.host ? '' : ` at ${error.host}`;
  const did = error.kind === 'broken' ? 'lost the connection to' : 'cannot reach';
  const message = `${what}: ${did} registry ${endpoint.host}${via}: ${error.message}`;
  return buildError('environment', code, message, {
    ...listed('hints', hintsFor(endpoint, error)),
    ...listed('notes', notes),
    cause: error,
  });
}

function hintsFor(endpoint: Endpoint, error: NetworkFailure): string[] {
  const section = `[registry."${endpoint.name}"]`;
  // Whoever goes through a proxy connects to nobody else.
  const isProxys = error.isThroughProxy && ['refused', 'unknown-host', 'timeout'].includes(error.kind);
  switch (isProxys ? 'proxy' : error.kind) {
    case 'not-tls':
      return [`if it speaks plain http, set http = true below ${section} in tsbuild.toml`];
    case 'untrusted':
      return [
        `name its authority with ca = ["file.pem"] below ${section} in tsbuild.toml, or in SSL_CERT_FILE`,
      ];
    case 'unknown-client':
      return [
        `put NAME.cert and NAME.key into certs.d/${endpoint.host}, or set keypair below ${section} in tsbuild.toml`,
      ];
    case 'unknown-host':
      return ['check the name of the registry, the network, and HTTPS_PROXY if one is needed here'];
    case 'refused':
      return ['is the registry running, and is the port right?'];
    case 'proxy':
      return ['check HTTPS_PROXY and HTTP_PROXY, and NO_PROXY for hosts that need none'];
    case 'timeout':
      return ['check the network; a proxy is taken from HTTPS_PROXY'];
    case 'broken':
    case 'tls':
    case 'redirect':
    case 'protocol':
      return [];
  }
}

function listed<K extends 'hints' | 'notes'>(
  key: K,
  lines: readonly string[],
): {[P in K]?: readonly string[]} {
  return (lines.length === 0 ? {} : {[key]: lines}) as {[P in K]?: readonly string[]};
}
