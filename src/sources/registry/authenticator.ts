// How a registry is told who asks. It answers 401 with a challenge (RFC 7235); for Bearer a token is fetched from the
// realm it names (distribution/docs/spec/auth/token.md), anonymously or with what docker knows about the host; for
// Basic the password is sent as it is. Tokens are kept per host and scope until shortly before they expire.

import {buildError} from '../../diagnostics/build-error.ts';
import {SingleFlight} from '../../util/single-flight.ts';
import {type Challenge, mergedScopes, parseChallenges} from './challenge.ts';
import type {Credential, CredentialSource} from './docker-credentials.ts';
import type {HttpClient, HttpResponse} from './http.ts';
import {isLoopback} from './proxy.ts';
import {type Pacing, retryAfterMs, retrying, TryLater} from './retry.ts';
import type {TlsSettings} from './trust.ts';

export interface AuthTarget {
  /** host[:port] that was spoken to. */
  readonly host: string;
  /** Where docker files its password: `docker.io`. */
  readonly credentialHost: string;
  readonly tls: TlsSettings;
  /** Whether the registry itself is spoken to without TLS. */
  readonly plain: boolean;
}

interface Token {
  readonly header: string;
  readonly untilMs: number;
}

const tokenBytesMax = 256 * 1024;
/** The token specification's default and minimum. */
const tokenLifeMinMs = 60_000;
const tokenMarginMs = 10_000;

export class Authenticator {
  readonly #http: HttpClient;
  readonly #credentials: CredentialSource;
  readonly #pacing: Pacing;
  readonly #tokens = new Map<string, Token>();
  readonly #flights = new SingleFlight<string, string | undefined>();

  constructor(http: HttpClient, credentials: CredentialSource, pacing: Pacing) {
    this.#http = http;
    this.#credentials = credentials;
    this.#pacing = pacing;
  }

  /** The Authorization header to send at once, when there is a good one from before. */
  header(host: string, scope: string): string | undefined {
    const token = this.#tokens.get(keyOf(host, scope));
    return token !== undefined && token.untilMs > this.#pacing.nowMs() ? token.header : undefined;
  }

  /** Whether docker's configuration has anything for `credentialHost`; for messages. */
  async knows(credentialHost: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#credentials.lookup(credentialHost, signal)) !== undefined;
  }

  /**
   * Answers a 401: the header to try again with, or undefined when there is nothing (else) to offer. `rejected` is the
   * header that was refused, which is forgotten.
   */
  answer(
    target: AuthTarget,
    scope: string,
    challenge: string,
    rejected: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const key = keyOf(target.host, scope);
    const kept = this.header(target.host, scope);
    // Somebody else has fetched a token since this request was sent.
    if (kept !== undefined && kept !== rejected) return Promise.resolve(kept);
    return this.#flights.run(key, async () => {
      this.#tokens.delete(key);
      const token = await this.#obtain(target, scope, parseChallenges(challenge), signal);
      if (token === undefined || token.header === rejected) return undefined;
      this.#tokens.set(key, token);
      return token.header;
    });
  }

  async #obtain(
    target: AuthTarget,
    scope: string,
    challenges: readonly Challenge[],
    signal: AbortSignal,
  ): Promise<Token | undefined> {
    const bearer = challenges.find(({scheme}) => scheme === 'bearer');
    const credential = await this.#credentials.lookup(target.credentialHost, signal);
    if (credential?.type === 'bearer')
      return {header: `Bearer ${credential.token}`, untilMs: Number.POSITIVE_INFINITY};
    if (bearer !== undefined) return this.#fetchToken(target, scope, bearer, credential, signal);
    if (challenges.some(({scheme}) => scheme === 'basic') && credential?.type === 'password') {
      return {header: basic(credential.username, credential.password), untilMs: Number.POSITIVE_INFINITY};
    }
    return undefined;
  }

  async #fetchToken(
    target: AuthTarget,
    scope: string,
    challenge: Challenge,
    credential: Credential | undefined,
    signal: AbortSignal,
  ): Promise<Token | undefined> {
    const realm = realmOf(target, challenge, credential !== undefined);
    const service = challenge.parameters.get('service');
    const scopes = mergedScopes(`${challenge.parameters.get('scope') ?? ''} ${scope}`);
    return retrying({pacing: this.#pacing, signal}, async () => {
      const response =
        credential?.type === 'identity'
          ? await this.#exchange(realm, credential.token, service, scopes, target, signal)
          : await this.#ask(realm, credential, service, scopes, target, signal);
      const {status} = response;
      if (status === 429 || status >= 500) {
        await response.discard();
        throw new TryLater(status, retryAfterMs(response.headers, this.#pacing.nowMs()), '');
      }
      if (status !== 200) {
        await response.discard();
        return undefined;
      }
      return this.#readToken(await response.bytes(tokenBytesMax), realm);
    });
  }

  #ask(
    realm: URL,
    credential: Credential | undefined,
    service: string | undefined,
    scopes: readonly string[],
    target: AuthTarget,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set('service', service);
    for (const scope of scopes) url.searchParams.append('scope', scope);
    if (credential?.type !== 'password') return this.#http.request(url, {signal, tls: target.tls});
    url.searchParams.set('account', credential.username);
    const headers = {authorization: basic(credential.username, credential.password)};
    return this.#http.request(url, {signal, tls: target.tls, headers});
  }

  /** An identity token is a refresh token of OAuth2 (distribution/docs/spec/auth/oauth.md). */
  #exchange(
    realm: URL,
    refreshToken: string,
    service: string | undefined,
    scopes: readonly string[],
    target: AuthTarget,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: 'tsbuild',
      scope: scopes.join(' '),
      ...(service === undefined ? {} : {service}),
    });
    const headers = {'content-type': 'application/x-www-form-urlencoded'};
    return this.#http.request(realm, {
      method: 'POST',
      signal,
      tls: target.tls,
      headers,
      body: form.toString(),
    });
  }

  #readToken(bytes: Uint8Array, realm: URL): Token {
    let document: unknown;
    try {
      document = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      document = undefined;
    }
    const answer = (document ?? {}) as {token?: unknown; access_token?: unknown; expires_in?: unknown};
    const token = answer.token || answer.access_token;
    // A token with a line break would end the header it is sent in.
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
      throw buildError(
        'environment',
        'registry-invalid-token',
        `token server ${realm.host} gave no valid token`,
      );
    }
    const seconds = typeof answer.expires_in === 'number' ? answer.expires_in : 0;
    const lifeMs = Math.max(tokenLifeMinMs, seconds * 1000);
    return {header: `Bearer ${token}`, untilMs: this.#pacing.nowMs() + lifeMs - tokenMarginMs};
  }
}

function realmOf(target: AuthTarget, challenge: Challenge, withSecret: boolean): URL {
  const text = challenge.parameters.get('realm') ?? '';
  let realm: URL | undefined;
  try {
    realm = new URL(text);
  } catch {
    realm = undefined;
  }
  if (realm === undefined || (realm.protocol !== 'https:' && realm.protocol !== 'http:')) {
    throw buildError(
      'environment',
      'registry-invalid-realm',
      `registry ${target.host} names no valid token server`,
    );
  }
  const exposed =
    realm.protocol === 'http:' && !isLoopback(realm.hostname) && !target.plain && !target.tls.insecure;
  if (exposed && withSecret) {
    const text = `registry ${target.host} wants the password sent to ${realm.host} without encryption`;
    throw buildError('environment', 'registry-insecure-realm', text, {
      hints: [`if that is meant, set insecure = true below [registry."${target.credentialHost}"]`],
    });
  }
  return realm;
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function keyOf(host: string, scope: string): string {
  return `${host} ${scope}`;
}
