// The only door to undici, which is loaded on the first request: most builds make none. Here are connections, TLS,
// proxies, timeouts and redirects; registries, tokens and retries are other files' business. Every failure of the
// network leaves here as a NetworkFailure; an abort as the signal's reason.

import {readdir, readFile} from 'node:fs/promises';
import type {Readable} from 'node:stream';
import type {buildConnector, Dispatcher} from 'undici';
import {NetworkFailure, networkFailure} from './network-failure.ts';
import {proxyFor} from './proxy.ts';
import {notDripping} from './receive-watch.ts';
import {SendWatch} from './send-watch.ts';
import {type CertificateFiles, defaultTls, type TlsSettings, TrustStore} from './trust.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  readonly tls?: TlsSettings;
  /** What comes back is verified by its digest, so a redirect from https to http does no harm. */
  readonly verified?: boolean;
  /** The answer may take as long as one to an upload: a registry that puts a large blob together. */
  readonly patient?: boolean;
  /** Somebody else has it as well: its body may not stand still for as long. */
  readonly hurried?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; repeated headers are joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Where it came from, after redirects. */
  readonly url: URL;
  /** To be read once, to its end or to an early `return`; or dropped with `discard`. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body; a NetworkFailure when it has more than `bytesMax`. */
  bytes(bytesMax: number): Promise<Uint8Array>;
  discard(): Promise<void>;
}

export interface HttpOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly timeouts?: Partial<HttpTimeouts>;
}

export interface HttpTimeouts {
  readonly connectMs: number;
  /** From the request's end to the answer's headers. */
  readonly headersMs: number;
  /** The same where a stream was sent. */
  readonly uploadMs: number;
  /** Between two pieces of a body, either way. */
  readonly stallMs: number;
  /** For an answer, from the first attempt to connect on, and between its pieces, where another host can be asked. */
  readonly hurryMs: number;
}

export const defaultTimeouts: HttpTimeouts = {
  connectMs: 15_000,
  headersMs: 60_000,
  uploadMs: 10 * 60_000,
  stallMs: 60_000,
  hurryMs: 10_000,
};
const redirectsMax = 10;
const connectionsPerHostMax = 16;
const discardedBytesMax = 64 * 1024;
const userAgent = 'tsbuild';
const systemFiles: CertificateFiles = {
  read: (path) => readFile(path, 'utf8'),
  list: (path) => readdir(path),
};

export class HttpClient {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #timeouts: HttpTimeouts;
  readonly #trust: TrustStore;
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();

  constructor(options: HttpOptions) {
    this.#environment = options.environment;
    this.#timeouts = {...defaultTimeouts, ...options.timeouts};
    this.#trust = new TrustStore(options.environment, systemFiles);
  }

  /** Sends one request; GET and HEAD follow redirects, without Authorization once the origin changes. */
  async request(url: URL, request: HttpRequest): Promise<HttpResponse> {
    const method = request.method ?? 'GET';
    let current = url;
    let headers = {'user-agent': userAgent, ...request.headers};
    for (let followed = 0; ; followed++) {
      const response = await this.#once(current, {...request, method, headers});
      const target = method === 'GET' || method === 'HEAD' ? redirectTarget(response) : undefined;
      if (target === undefined) return response;
      await response.discard();
      if (followed === redirectsMax)
        throw new NetworkFailure('redirect', url.host, `more than ${redirectsMax} redirects`);
      if (
        current.protocol === 'https:' &&
        target.protocol !== 'https:' &&
        !request.verified &&
        !request.tls?.insecure
      ) {
        throw new NetworkFailure(
          'redirect',
          url.host,
          `redirected from https to ${target.protocol}//${target.host}`,
        );
      }
      if (target.origin !== current.origin) headers = withoutAuthorization(headers);
      current = target;
    }
  }

  /** Closes connections at once. */
  async close(): Promise<void> {
    const dispatchers = [...this.#dispatchers.values()];
    this.#dispatchers.clear();
    await Promise.allSettled(dispatchers.map(async (dispatcher) => (await dispatcher).destroy()));
  }

  async #once(url: URL, request: HttpRequest): Promise<HttpResponse> {
    const {signal, body} = request;
    signal.throwIfAborted();
    const stallMs = this.#stallMs(request);
    const proxy = proxyFor(url, this.#environment);
    // A signal of its own: a build's is listened to by all its requests at once, which Node takes for a leak.
    const watch = isStream(body) ? new SendWatch(this.#timeouts.stallMs, this.#timeouts.uploadMs) : undefined;
    const own = AbortSignal.any(watch === undefined ? [signal] : [signal, watch.signal]);
    try {
      const dispatcher = await this.#dispatcherFor(url, proxy, request.tls ?? defaultTls);
      const pending = dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: request.method ?? 'GET',
        headers: {...request.headers},
        signal: own,
        headersTimeout: this.#headersTimeout(request),
        bodyTimeout: stallMs,
        // undici gives up the connection of a HEAD, for servers that send a body all the same; docker keeps it.
        ...(request.method === 'HEAD' ? {reset: false} : {}),
        ...(body === undefined ? {} : {body: await bodyOf(body, watch)}),
      });
      return new Answer(url, await orAbort(pending, own), signal, stallMs);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (watch?.signal.aborted) throw new NetworkFailure('timeout', url.host, 'the transfer stalled');
      throw networkFailure(error, url.host, proxy === undefined ? undefined : new URL(proxy).host);
    } finally {
      watch?.stop();
    }
  }

  /** None where a stream is sent: undici counts the sending in, the watch does not. */
  #headersTimeout({body, patient}: HttpRequest): number {
    if (isStream(body)) return 0;
    return patient ? this.#timeouts.uploadMs : this.#timeouts.headersMs;
  }

  #stallMs({hurried}: HttpRequest): number {
    const {stallMs, hurryMs} = this.#timeouts;
    return hurried ? Math.min(stallMs, hurryMs) : stallMs;
  }

  #dispatcherFor(url: URL, proxy: string | undefined, tls: TlsSettings): Promise<Dispatcher> {
    const secure = url.protocol === 'https:';
    const key = JSON.stringify([proxy ?? '', secure ? tls : 'plain']);
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return known;
    const made = this.#makeDispatcher(proxy, secure ? tls : undefined);
    this.#dispatchers.set(key, made);
    return made;
  }

  async #makeDispatcher(proxy: string | undefined, tls: TlsSettings | undefined): Promise<Dispatcher> {
    // Its exports are on `default` both in Node and in the bundle.
    const {Agent, Pool, ProxyAgent, buildConnector} = (await import('undici')).default;
    const connect = {
      timeout: this.#timeouts.connectMs,
      ...(tls === undefined
        ? {}
        : {secureContext: await this.#trust.context(tls), rejectUnauthorized: !tls.insecure}),
    };
    if (proxy === undefined) {
      const connector = tls === undefined ? connect : endingAtAlerts(buildConnector(connect));
      return new Agent({connect: connector, connections: connectionsPerHostMax, pipelining: 1});
    }
    const proxyTls = proxy.startsWith('https:')
      ? {timeout: this.#timeouts.connectMs, secureContext: await this.#trust.context(defaultTls)}
      : {timeout: this.#timeouts.connectMs};
    return new ProxyAgent({
      uri: proxy,
      // Plain http goes to the proxy as it is; CONNECT is for TLS only, many proxies refuse it for port 80.
      proxyTunnel: false,
      requestTls: connect,
      proxyTls,
      pipelining: 1,
      clientFactory: (origin, options) => {
        const pool = new Pool(origin, options);
        const tunnel = pool.connect.bind(pool) as (to: object) => Promise<Dispatcher.ConnectData>;
        return Object.assign(pool, {connect: (to: object) => tunnel(to).catch(asProxyFailure)});
      },
    });
  }
}

/**
 * A server refuses a client's certificate when the request is under way already (TLS 1.3), with an alert and then the
 * end of the connection; undici would tell the end only.
 */
function endingAtAlerts(connect: buildConnector.connector): buildConnector.connector {
  return (options, done) =>
    connect(options, (...result) => {
      const [, socket] = result;
      socket?.once('error', (alert) => socket.destroy(alert));
      done(...result);
    });
}

/**
 * For undici a closed connection (UND_ERR_SOCKET) is worth another one at once, without end; of a proxy it is an
 * answer.
 */
function asProxyFailure(error: unknown): never {
  if ((error as {code?: unknown}).code !== 'UND_ERR_SOCKET') throw error;
  throw Object.assign(new Error('the proxy closed the connection', {cause: error}), {
    code: 'TSBUILD_PROXY_CLOSED',
  });
}

/** undici heeds the signal only once it is connected, which takes up to its timeout; whoever aborts leaves now. */
async function orAbort(
  pending: Promise<Dispatcher.ResponseData>,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  let leave = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, {once: true});
  });
  try {
    return await Promise.race([pending, aborted]);
  } catch (error) {
    pending.then(
      (late) => late.body.dump(),
      () => undefined,
    );
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

class Answer implements HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: URL;
  readonly #answer: Dispatcher.ResponseData;
  readonly #signal: AbortSignal;
  readonly #stallMs: number;

  constructor(url: URL, answer: Dispatcher.ResponseData, signal: AbortSignal, stallMs: number) {
    this.url = url;
    this.#stallMs = stallMs;
    this.status = answer.statusCode;
    this.headers = Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? ''),
      ]),
    );
    this.#answer = answer;
    this.#signal = signal;
  }

  get body(): AsyncIterable<Uint8Array> {
    return this.#read();
  }

  async bytes(bytesMax: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.#read()) {
      size += piece.length;
      if (size > bytesMax) {
        throw new NetworkFailure('protocol', this.url.host, `the answer has more than ${bytesMax} bytes`);
      }
      pieces.push(piece);
    }
    return Buffer.concat(pieces, size);
  }

  async discard(): Promise<void> {
    // A short rest is read, so that the connection can be used again.
    await this.#answer.body.dump({limit: discardedBytesMax}).catch(() => undefined);
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    try {
      yield* notDripping(this.#answer.body as AsyncIterable<Uint8Array>, this.url.host, this.#stallMs);
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      throw networkFailure(error, this.url.host);
    }
  }
}

/** Where a redirect leads; undefined for any other answer. */
export function redirectTarget(response: HttpResponse): URL | undefined {
  const location = response.headers['location'];
  if (location === undefined || ![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  let target: URL;
  try {
    target = new URL(location, response.url);
  } catch {
    throw new NetworkFailure('redirect', response.url.host, 'redirected to an invalid address');
  }
  if (target.protocol === 'https:' || target.protocol === 'http:') return target;
  throw new NetworkFailure('redirect', response.url.host, `redirected to ${target.protocol}`);
}

function withoutAuthorization<T extends Readonly<Record<string, string>>>(headers: T): T {
  const kept = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization');
  return Object.fromEntries(kept) as T;
}

type Body = NonNullable<HttpRequest['body']>;

function isStream(body: Body | undefined): body is AsyncIterable<Uint8Array> {
  return body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
}

async function bodyOf(body: Body, watch: SendWatch | undefined): Promise<string | Uint8Array | Readable> {
  if (!isStream(body)) return body;
  const {Readable} = await import('node:stream');
  return Readable.from(watch === undefined ? body : watch.body(body), {objectMode: false});
}
