// Who asks for a URL: a secret of the build for its host, or the user and password in the URL itself.

type Secrets = Readonly<Record<string, Uint8Array>>;

/** The Authorization header, if any: HTTP_AUTH_HEADER_<host> as it is, HTTP_AUTH_TOKEN_<host> as a bearer token. */
export function authorizationFor(url: URL, secrets: Secrets): Readonly<Record<string, string>> {
  const header = textOf(secrets[`HTTP_AUTH_HEADER_${url.host}`]);
  if (header !== undefined) return {authorization: header};
  const token = textOf(secrets[`HTTP_AUTH_TOKEN_${url.host}`]);
  if (token !== undefined) return {authorization: `Bearer ${token}`};
  if (url.username === '' && url.password === '') return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return {authorization: `Basic ${Buffer.from(pair).toString('base64')}`};
}

function textOf(secret: Uint8Array | undefined): string | undefined {
  return secret === undefined ? undefined : Buffer.from(secret).toString().trim();
}
