// What a user reads when a URL cannot be had. Addresses are shown without passwords.

import {BuildError, buildError} from '../../diagnostics/build-error.ts';
import {withoutCredentials} from '../../util/url-credentials.ts';
import {NetworkFailure} from '../registry/network-failure.ts';
import {TryLater} from '../registry/retry.ts';

/** An answer that is no file. */
export class BadStatus extends Error {
  override readonly name = 'BadStatus';
  readonly status: number;

  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** Errors that are none of the network's come back as they are. */
export function httpFailureOf(error: unknown, url: string): unknown {
  const what = `cannot download ${withoutCredentials(url)}`;
  if (error instanceof BuildError) return error;
  if (error instanceof BadStatus || error instanceof TryLater) return refused(what, error);
  if (!(error instanceof NetworkFailure)) return error;
  const code = error.kind === 'timeout' ? 'http-timeout' : 'http-unreachable';
  const via = url.includes(error.host) ? '' : ` at ${error.host}`;
  const hint = hintFor(error);
  return buildError('environment', code, `${what}: ${error.message}${via}`, {
    ...(hint === undefined ? {} : {hints: [hint]}),
    cause: error,
  });
}

function refused(what: string, error: BadStatus | TryLater): Error {
  const {status} = error;
  const denied = status === 401 || status === 403;
  const kind = status >= 500 || status === 429 ? 'environment' : 'user';
  const name = statusNames[status];
  return buildError(
    kind,
    'http-status',
    `${what}: the server answered ${status}${name === undefined ? '' : ` ${name}`}`,
    {
      ...(denied ? {hints: ['for a URL that needs a token: --secret id=HTTP_AUTH_TOKEN_<host>,env=…']} : {}),
      ...(status === 404 || status === 410 ? {hints: ['check the URL']} : {}),
      cause: error,
    },
  );
}

const statusNames: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  407: 'Proxy Authentication Required',
  410: 'Gone',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

function hintFor({kind}: NetworkFailure): string | undefined {
  switch (kind) {
    case 'unknown-host':
      return 'check the name of the host, the network, and HTTPS_PROXY if one is needed here';
    case 'refused':
    case 'timeout':
    case 'proxy':
      return 'check the network; proxies are taken from HTTP_PROXY and HTTPS_PROXY';
    case 'not-tls':
      return 'if the server speaks plain http, write http://';
    case 'untrusted':
      return 'name the certificate of its authority in SSL_CERT_FILE';
    case 'redirect':
      return 'give the address it redirects to; with a checksum, a redirect from https to http is followed';
    case 'broken':
    case 'unknown-client':
    case 'tls':
    case 'protocol':
      return undefined;
  }
}
