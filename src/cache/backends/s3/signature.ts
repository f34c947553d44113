// AWS Signature Version 4 in headers ("Authenticating Requests: Using the Authorization Header" of the S3 API
// reference): a canonical form of the request, hashed, signed with a key derived from date, region and service.

import {createHmac, hash} from 'node:crypto';
import {byteOrder} from '../../../util/byte-order.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they are sent; the query's values percent-encoded as RFC 3986 has it. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, in hex. */
  readonly bodyHash: string;
}

export const emptyBodyHash = hash('sha256', '', 'hex');

/** The headers to send: those given, and those that sign them. */
export function signedHeaders(
  request: SignedRequest,
  credentials: S3Credentials,
  region: string,
  nowMs: number,
): Readonly<Record<string, string>> {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': request.bodyHash,
    'x-amz-date': time,
    ...(credentials.sessionToken === undefined ? {} : {'x-amz-security-token': credentials.sessionToken}),
  };
  const covered: Record<string, string> = {...headers, host: request.url.host};
  const names = Object.keys(covered).sort(byteOrder);
  const canonical = [
    request.method,
    request.url.pathname,
    canonicalQuery(request.url),
    ...names.map((name) => `${name}:${covered[name]?.trim() ?? ''}`),
    '',
    names.join(';'),
    request.bodyHash,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, hash('sha256', canonical, 'hex')].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (parent, part) => createHmac('sha256', parent).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/** Every octet but RFC 3986's unreserved ones, as S3 wants it; `/` stays in paths. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`)
    .sort(byteOrder)
    .join('&');
}
