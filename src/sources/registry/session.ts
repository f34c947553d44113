// One request to one host of a registry, seen through: https or http found out, 401 answered with a token, 429, 5xx and
// broken connections tried again. What comes back is an answer about the thing asked for; everything else is an error.

import type {Authenticator} from './authenticator.ts';
import type {Endpoint} from './endpoints.ts';
import {type HttpClient, type HttpRequest, type HttpResponse, redirectTarget} from './http.ts';
import {NetworkFailure} from './network-failure.ts';
import {type Pacing, retryAfterMs, retrying, StorageRefusal, TryLater} from './retry.ts';

export interface RegistryRequest {
  readonly method?: HttpRequest['method'];
  /**
   * Below the endpoint's root, percent-encoded: `/library/busybox/manifests/latest`; or an address the registry gave.
   */
  readonly path: string | URL;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each attempt. */
  readonly body?: () => Uint8Array | string | AsyncIterable<Uint8Array>;
  /** `repository:library/busybox:pull`; several are separated by blanks. */
  readonly scope: string;
  readonly signal: AbortSignal;
  readonly verified?: boolean;
  readonly patient?: boolean;
  readonly hurried?: boolean;
  readonly attemptsMax?: number;
}

/** The registry knows who asks, or that nobody does, and says no. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied';
  readonly status: number;
  readonly detail: string;
  /** Whether a password or token of the user's was sent. */
  readonly loggedIn: boolean;

  constructor(status: number, detail: string, loggedIn: boolean) {
    super(`status ${status}`);
    this.status = status;
    this.detail = detail;
    this.loggedIn = loggedIn;
  }
}

const errorBytesMax = 64 * 1024;
const detailLengthMax = 300;
const writeRedirectsMax = 5;

export class RegistrySession {
  readonly #http: HttpClient;
  readonly #auth: Authenticator;
  readonly #pacing: Pacing;
  /** What a host with two schemes turned out to speak. */
  readonly #schemes = new Map<string, 'https' | 'http'>();

  constructor(http: HttpClient, auth: Authenticator, pacing: Pacing) {
    this.#http = http;
    this.#auth = auth;
    this.#pacing = pacing;
  }

  /**
   * Gives an answer with a status below 500 that is neither 401, 403 nor 429. Throws AccessDenied for those two, or
   * StorageRefusal where another host gave them, TryLater and NetworkFailure when attempts are used up.
   */
  send(endpoint: Endpoint, request: RegistryRequest): Promise<HttpResponse> {
    const {signal, attemptsMax} = request;
    const limit = attemptsMax === undefined ? {} : {attemptsMax};
    const hasAnswered = (): boolean => this.#schemes.has(endpoint.host);
    return retrying({pacing: this.#pacing, signal, hasAnswered, ...limit}, async () => {
      const response = await this.#authorised(endpoint, request);
      const {status, url} = response;
      if (status === 401 || status === 403) {
        const detail = await detailOf(response);
        if (url.host !== this.#addressOf(endpoint).host) throw new StorageRefusal(url.host, status, detail);
        throw new AccessDenied(status, detail, await this.#auth.knows(endpoint.name, signal));
      }
      if (status === 429 || status >= 500) {
        const afterMs = retryAfterMs(response.headers, this.#pacing.nowMs());
        throw new TryLater(status, afterMs, await detailOf(response));
      }
      return response;
    });
  }

  /** As addresses of answers have it, in which a port that goes without saying is not said. */
  #addressOf({host}: Endpoint): URL {
    return new URL(`${this.#schemes.get(host) ?? 'https'}://${host}`);
  }

  async #authorised(endpoint: Endpoint, request: RegistryRequest): Promise<HttpResponse> {
    const {scope, signal} = request;
    const authorization = this.#auth.header(endpoint.host, scope);
    const response = await this.#reach(endpoint, request, authorization);
    const challenge = response.headers['www-authenticate'];
    if (response.status !== 401 || challenge === undefined) return response;
    // A host that the registry sent us to would choose who gets the password.
    if (response.url.origin !== this.#addressOf(endpoint).origin) return response;
    const target = {
      host: endpoint.host,
      credentialHost: endpoint.name,
      tls: endpoint.tls,
      plain: this.#schemes.get(endpoint.host) === 'http' || endpoint.schemes[0] === 'http',
    };
    const better = await this.#auth.answer(target, scope, challenge, authorization, signal);
    if (better === undefined) return response;
    await response.discard();
    return this.#reach(endpoint, request, better);
  }

  async #reach(
    endpoint: Endpoint,
    request: RegistryRequest,
    authorization: string | undefined,
  ): Promise<HttpResponse> {
    const known = this.#schemes.get(endpoint.host);
    const [first = 'https', second] = known === undefined ? endpoint.schemes : [known];
    try {
      const response = await this.#once(endpoint, first, request, authorization);
      this.#schemes.set(endpoint.host, first);
      return response;
    } catch (error) {
      if (second === undefined || !(error instanceof NetworkFailure)) throw error;
      const response = await this.#once(endpoint, second, request, authorization).catch(
        (another: unknown) => {
          // The first error says more, unless it only says that this is no TLS.
          throw error.kind === 'not-tls' ? another : error;
        },
      );
      this.#schemes.set(endpoint.host, second);
      return response;
    }
  }

  async #once(
    endpoint: Endpoint,
    scheme: 'https' | 'http',
    request: RegistryRequest,
    authorization: string | undefined,
  ): Promise<HttpResponse> {
    const {path, query} = request;
    const base = new URL(`${scheme}://${endpoint.host}`);
    let url = typeof path === 'string' ? new URL(`${base.origin}${endpoint.root}${path}`) : new URL(path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    if (endpoint.namespace !== undefined) url.searchParams.set('ns', endpoint.namespace);
    for (let followed = 0; ; followed++) {
      const {method, headers, body, signal, verified, patient, hurried} = request;
      // An address the registry gave may be another host's (storage behind it), which has no business with our token.
      const own = url.origin === base.origin;
      const response = await this.#http.request(url, {
        ...(method === undefined ? {} : {method}),
        headers: {...headers, ...(authorization !== undefined && own ? {authorization} : {})},
        ...(body === undefined ? {} : {body: body()}),
        ...(verified === undefined ? {} : {verified}),
        ...(patient === undefined ? {} : {patient}),
        ...(hurried === undefined ? {} : {hurried}),
        signal,
        tls: endpoint.tls,
      });
      const target = movedTo(response, method);
      if (target === undefined) return response;
      await response.discard();
      if (followed === writeRedirectsMax) {
        throw new NetworkFailure('redirect', url.host, `more than ${writeRedirectsMax} redirects`);
      }
      if (url.protocol === 'https:' && target.protocol !== 'https:' && !endpoint.tls.insecure) {
        const from = `redirected from https to ${target.protocol}//${target.host}`;
        throw new NetworkFailure('redirect', url.host, from);
      }
      url = target;
    }
  }
}

/** Where a request that writes is to be sent again as it is (307 and 308 only); reads were followed already. */
function movedTo(response: HttpResponse, method: RegistryRequest['method'] = 'GET'): URL | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  return response.status === 307 || response.status === 308 ? redirectTarget(response) : undefined;
}

/** The messages of an error answer (distribution-spec, "Error codes"), or the start of its text. */
export async function detailOf(response: HttpResponse): Promise<string> {
  let text: string;
  try {
    text = new TextDecoder().decode(await response.bytes(errorBytesMax)).trim();
  } catch {
    return '';
  }
  try {
    const {errors} = JSON.parse(text) as {errors?: readonly {code?: unknown; message?: unknown}[]};
    if (Array.isArray(errors)) {
      text = errors
        .map(({code, message}) => `${String(code ?? '').toLowerCase()}: ${String(message ?? '')}`)
        .join('; ');
    }
  } catch {
    // Storage of S3's kind says it in XML; a page says nothing.
    const [, code = '', message = ''] = /<Code>([^<]*)<\/Code>\s*(?:<Message>([^<]*))?/.exec(text) ?? [];
    if (text.startsWith('<')) text = message === '' ? code : `${code}: ${message}`;
  }
  // Terminal controls of a hostile server are not passed on.
  return text.replace(/[\x00-\x1f\x7f]+/g, ' ').slice(0, detailLengthMax);
}
