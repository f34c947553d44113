// What went wrong on the wire, in the few kinds that matter: whether trying again makes sense, and what a user can do.
// Codes are Node's errno names, OpenSSL's, and undici's UND_ERR_….

export type NetworkFailureKind =
  | 'refused'
  | 'unknown-host'
  | 'broken'
  | 'timeout'
  /** The other side does not speak TLS. */
  | 'not-tls'
  /** Its certificate is not believed. */
  | 'untrusted'
  /** It asked for a certificate of ours, and got none, or none that it believes. */
  | 'unknown-client'
  | 'tls'
  | 'proxy'
  | 'redirect'
  /** Not even a valid HTTP response. */
  | 'protocol';

/** A request that got no answer, or an answer that broke off. */
export class NetworkFailure extends Error {
  override readonly name = 'NetworkFailure';
  readonly kind: NetworkFailureKind;
  /** host[:port] that was spoken to. */
  readonly host: string;
  readonly isThroughProxy: boolean;

  constructor(
    kind: NetworkFailureKind,
    host: string,
    message: string,
    {isThroughProxy = false, ...options}: ErrorOptions & {readonly isThroughProxy?: boolean} = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.host = host;
    this.isThroughProxy = isThroughProxy;
  }
}

const kinds: Readonly<Record<string, readonly [NetworkFailureKind, string]>> = {
  ECONNREFUSED: ['refused', 'connection refused'],
  ENOTFOUND: ['unknown-host', 'no such host'],
  EAI_AGAIN: ['timeout', 'the name server does not answer'],
  ECONNRESET: ['broken', 'connection reset'],
  EPIPE: ['broken', 'connection closed'],
  ECONNABORTED: ['broken', 'connection aborted'],
  EHOSTUNREACH: ['refused', 'no route to host'],
  ENETUNREACH: ['refused', 'network is unreachable'],
  EADDRNOTAVAIL: ['refused', 'address not available'],
  ETIMEDOUT: ['timeout', 'connection timed out'],
  UND_ERR_CONNECT_TIMEOUT: ['timeout', 'connection timed out'],
  UND_ERR_HEADERS_TIMEOUT: ['timeout', 'no answer in time'],
  UND_ERR_BODY_TIMEOUT: ['timeout', 'the transfer stalled'],
  UND_ERR_SOCKET: ['broken', 'connection closed by the other side'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['broken', 'the body is shorter or longer than announced'],
  UND_ERR_RES_EXCEEDED_MAX_SIZE: ['protocol', 'the answer is too large'],
  UND_ERR_HEADERS_OVERFLOW: ['protocol', 'the headers of the answer are too large'],
  TSBUILD_PROXY_CLOSED: ['proxy', 'the proxy closed the connection'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['not-tls', 'the server does not speak TLS'],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['not-tls', 'the server does not speak TLS'],
  ERR_SSL_HTTP_REQUEST: ['not-tls', 'the server does not speak TLS'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['untrusted', 'the certificate is for another host'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['untrusted', 'the certificate is self-signed'],
  SELF_SIGNED_CERT_IN_CHAIN: ['untrusted', 'the certificate is signed by an unknown authority'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['untrusted', 'the certificate is signed by an unknown authority'],
  UNABLE_TO_GET_ISSUER_CERT: ['untrusted', 'the certificate is signed by an unknown authority'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['untrusted', 'the certificate is signed by an unknown authority'],
  CERT_HAS_EXPIRED: ['untrusted', 'the certificate has expired'],
  CERT_NOT_YET_VALID: ['untrusted', 'the certificate is not valid yet: is the clock right?'],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: ['unknown-client', 'it asks for a client certificate'],
  // Also what servers in Go say where none was sent.
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: [
    'unknown-client',
    'it asks for a client certificate that it believes',
  ],
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: ['unknown-client', 'it does not know who signed the client certificate'],
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: ['unknown-client', 'the client certificate has expired'],
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: ['unknown-client', 'the client certificate is revoked'],
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: ['unknown-client', 'it does not believe the client certificate'],
};

/**
 * Sorts an error of a request to `host`, through `proxy`; errors that are none of the network's come back as they
 * are.
 */
export function networkFailure(error: unknown, host: string, proxy?: string): unknown {
  if (error instanceof NetworkFailure || !(error instanceof Error)) return error;
  const sorted = sort(error);
  if (sorted === undefined) return error;
  const [kind, text] = sorted;
  const through = proxy === undefined ? '' : ` (through the proxy ${proxy})`;
  return new NetworkFailure(kind, host, `${text}${through}`, {
    isThroughProxy: proxy !== undefined,
    cause: error,
  });
}

function sort(error: Error): readonly [NetworkFailureKind, string] | undefined {
  const code = codeOf(error);
  const known = code === undefined ? undefined : kinds[code];
  if (known !== undefined) return known;
  const refused = /^Proxy response \((\d+)\)/.exec(error.message);
  if (refused !== null) return ['proxy', `the proxy answered ${refused[1]}`];
  if (code?.startsWith('ERR_SSL_') || code?.startsWith('ERR_TLS_')) return ['tls', `TLS failed: ${code}`];
  if (code?.startsWith('HPE_')) return ['protocol', 'the server does not speak HTTP'];
  if (code !== undefined || error.message === 'terminated') return ['broken', code ?? 'connection closed'];
  return undefined;
}

/** The code of an error or of what caused it; a name that resolves to several addresses gives an AggregateError. */
function codeOf(error: Error): string | undefined {
  for (let current: unknown = error, depth = 0; current instanceof Error && depth < 5; depth++) {
    const {code, errors, cause} = current as Error & {code?: unknown; errors?: unknown; cause?: unknown};
    if (typeof code === 'string' && code in kinds) return code;
    if (Array.isArray(errors) && errors[0] instanceof Error) {
      current = errors[0];
      continue;
    }
    if (typeof code === 'string' && cause === undefined) return code;
    current = cause;
  }
  const {code} = error as {code?: unknown};
  return typeof code === 'string' ? code : undefined;
}
