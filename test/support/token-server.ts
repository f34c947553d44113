// A server of tokens for a real registry (distribution/docs/spec/auth): it signs with a key of its own, and gives each
// user what it asks for in the repositories that are the user's. Passwords come by Basic, identity tokens by OAuth2.

import {execFile} from 'node:child_process';
import {createSign, randomUUID} from 'node:crypto';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {createServer, type IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';

const run = promisify(execFile);
const lifeSeconds = 300;

export interface TokenUser {
  readonly password: string;
  /** What its identity token is. */
  readonly refreshToken?: string;
  /** Repositories that it may read and write begin so; others it may do nothing with. */
  readonly prefix: string;
}

export interface TokenServer {
  readonly realm: string;
  /** In PEM, of who signs. */
  readonly certificate: string;
  /** Scopes of each token that was given, with the user. */
  readonly given: {readonly user: string; readonly scopes: readonly string[]}[];
  close(): Promise<void>;
}

export async function startTokenServer(users: Readonly<Record<string, TokenUser>>): Promise<TokenServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tsbuild-tokens-'));
  const [certificate, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=tokens', '-days', '2'];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject],
    ...['-out', certificate, '-keyout', keyFile],
  ]);
  const key = await readFile(keyFile, 'utf8');
  const chain = (await readFile(certificate, 'utf8')).replace(/-----[A-Z ]+-----|\s+/g, '');
  const server = createServer((request, response) => {
    void answer(request).then(({status, body}) =>
      response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const tokens: TokenServer = {
    realm,
    certificate,
    given: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, {recursive: true, force: true});
    },
  };

  async function answer(request: IncomingMessage): Promise<{status: number; body: object}> {
    const url = new URL(request.url ?? '', realm);
    let form = '';
    for await (const piece of request) form += String(piece);
    const fields = request.method === 'POST' ? new URLSearchParams(form) : url.searchParams;
    const user = userOf(request.headers.authorization ?? '', fields.get('refresh_token'));
    if (user === undefined) return {status: 401, body: {details: 'incorrect username or password'}};
    const scopes = fields.getAll('scope').flatMap((text) => text.split(' '));
    tokens.given.push({user, scopes});
    const token = signed(user, scopes);
    const life = {expires_in: lifeSeconds};
    return {status: 200, body: request.method === 'POST' ? {access_token: token, ...life} : {token, ...life}};
  }

  function userOf(authorization: string, refreshToken: string | null): string | undefined {
    const [name = '', ...rest] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    if (users[name] !== undefined && users[name].password === rest.join(':')) return name;
    return Object.entries(users).find(
      ([, one]) => refreshToken !== null && one.refreshToken === refreshToken,
    )?.[0];
  }

  function signed(user: string, scopes: readonly string[]): string {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const access = scopes.flatMap((scope) => {
      const [type, name = '', actions = ''] = scope.split(':');
      return type === 'repository' && name.startsWith(users[user]?.prefix ?? '\0')
        ? [{type, name, actions: actions.split(',')}]
        : [];
    });
    const claims = {
      iss: 'test',
      sub: user,
      aud: 'test',
      exp: nowSeconds + lifeSeconds,
      nbf: nowSeconds - 10,
      iat: nowSeconds,
      jti: randomUUID(),
      access,
    };
    const parts = [{typ: 'JWT', alg: 'RS256', x5c: [chain]}, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const signature = createSign('RSA-SHA256').update(parts.join('.')).sign(key, 'base64url');
    return [...parts, signature].join('.');
  }
  return tokens;
}
