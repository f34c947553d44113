// A registry in this process, in memory, that can be told to misbehave: what a real one does only on bad days. It notes
// every request it gets. `fault` decides per request; the first thing it gives is what happens instead of the answer.

import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {digestOf} from '../../src/oci/digest.ts';
import {type TestImage, type TestImageInput, testImage, testIndex} from './test-image.ts';

export interface FakeRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** How often this method and path was asked before. */
  readonly before: number;
}

export type Fault =
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Breaks the connection after `bytes` of the body it announced. */
  | {readonly type: 'cut'; readonly bytes: number}
  /** Ends properly after `bytes`, as if that were all. */
  | {readonly type: 'short'; readonly bytes: number}
  /** Flips a bit of the body. */
  | {readonly type: 'corrupt'}
  /** Appends to the body. */
  | {readonly type: 'excess'; readonly bytes: number}
  /** Serves the whole although a part was asked for. */
  | {readonly type: 'no-range'}
  /** Breaks the connection without an answer. */
  | {readonly type: 'reset'}
  /** Never answers. */
  | {readonly type: 'silence'}
  /** Sends `bytes` of the body and then nothing, with the connection open. */
  | {readonly type: 'stall'; readonly bytes: number};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface FakeAuth {
  readonly type: 'token' | 'basic';
  /** user → password; empty: everybody may ask for a token. */
  readonly users?: Readonly<Record<string, string>>;
  /** `expires_in` of tokens. */
  readonly expiresIn?: number;
  /** Identity token that may be exchanged. */
  readonly refreshToken?: string;
}

export class FakeRegistry {
  readonly address: string;
  readonly requests: FakeRequest[] = [];
  fault: (request: FakeRequest) => Fault | undefined = () => undefined;
  auth: FakeAuth | undefined;
  /** Whether HEAD and GET of a manifest say its digest. */
  tellsDigests = true;
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #manifests = new Map<string, {bytes: Uint8Array; mediaType: string}>();
  readonly #stop: () => Promise<void>;
  #tokens = new Set<string>();
  #tokensGiven = 0;

  constructor(address: string, stop: () => Promise<void>) {
    this.address = address;
    this.#stop = stop;
  }

  /** `METHOD path` of every request, without queries. */
  get log(): string[] {
    return this.requests.map(({method, path}) => `${method} ${path.split('?', 1)[0]}`);
  }

  async addImage(name: string, tag: string, input: TestImageInput): Promise<TestImage> {
    const image = await testImage(input);
    this.add(image, name);
    this.addManifest(name, tag, image.manifest, image.descriptor.mediaType);
    return image;
  }

  /** Images under their digests, and an index of them under the tag. */
  async addIndex(
    name: string,
    tag: string,
    inputs: readonly TestImageInput[],
  ): Promise<readonly TestImage[]> {
    const images: TestImage[] = [];
    for (const input of inputs) images.push(await testImage(input));
    for (const image of images) this.add(image, name);
    const index = testIndex(images.map(({descriptor}) => descriptor));
    this.addManifest(name, tag, index.bytes, index.mediaType);
    return images;
  }

  add(image: TestImage, name: string): void {
    for (const [digest, bytes] of image.blobs) this.#blobs.set(digest, bytes);
    this.addManifest(name, image.descriptor.digest, image.manifest, image.descriptor.mediaType);
  }

  addManifest(name: string, tag: string, bytes: Uint8Array, mediaType: string): void {
    for (const key of [tag, digestOf(bytes)]) this.#manifests.set(`${name} ${key}`, {bytes, mediaType});
  }

  /** Makes all tokens given so far invalid. */
  forgetTokens(): void {
    this.#tokens = new Set();
  }

  close(): Promise<void> {
    return this.#stop();
  }

  handle(request: FakeRequest, response: ServerResponse): void {
    this.requests.push(request);
    const url = new URL(request.path, `http://${this.address}`);
    const fault = this.fault(request);
    if (fault?.type === 'reset') response.socket?.resetAndDestroy();
    else if (fault?.type !== 'silence')
      send(request, response, fault?.type === 'answer' ? answer(fault) : this.#answer(request, url), fault);
  }

  #answer(request: FakeRequest, url: URL): Answer {
    if (url.pathname === '/token') return this.#token(request, url);
    if (!this.#admits(request)) return this.#challenge(url);
    const [, name = '', kind = '', key = ''] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
    const manifest = kind === 'manifests' ? this.#manifests.get(`${name} ${key}`) : undefined;
    const bytes = kind === 'manifests' ? manifest?.bytes : this.#blobs.get(key);
    if (bytes === undefined) {
      const code = kind === 'manifests' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN';
      return answer({status: 404, body: JSON.stringify({errors: [{code, message: 'unknown'}]})});
    }
    const headers = {
      'content-type': manifest?.mediaType ?? 'application/octet-stream',
      ...(this.tellsDigests ? {'docker-content-digest': digestOf(bytes)} : {}),
    };
    return {status: 200, headers, body: Buffer.from(bytes)};
  }

  #admits(request: FakeRequest): boolean {
    const {auth} = this;
    const sent = String(request.headers['authorization'] ?? '');
    if (auth === undefined) return true;
    return auth.type === 'token'
      ? this.#tokens.has(sent.replace(/^Bearer /, ''))
      : this.#userOf(sent) !== undefined;
  }

  #challenge(url: URL): Answer {
    const name = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(url.pathname)?.[1] ?? '';
    const header =
      this.auth?.type === 'basic'
        ? 'Basic realm="fake"'
        : `Bearer realm="http://${this.address}/token",service="fake",scope="repository:${name}:pull"`;
    const body = JSON.stringify({errors: [{code: 'UNAUTHORIZED', message: 'authentication required'}]});
    return answer({status: 401, headers: {'www-authenticate': header}, body});
  }

  #token(request: FakeRequest, url: URL): Answer {
    const {users, refreshToken, expiresIn} = this.auth ?? {};
    const form = new URLSearchParams(request.body);
    const sent = String(request.headers['authorization'] ?? '');
    const exchanged =
      request.method === 'POST' && refreshToken !== undefined && form.get('refresh_token') === refreshToken;
    const open = users === undefined && refreshToken === undefined;
    if (!open && !exchanged && this.#userOf(sent) === undefined) {
      return answer({status: 401, body: '{"details":"incorrect username or password"}'});
    }
    const token = `token-${++this.#tokensGiven}-${url.searchParams.getAll('scope').join('+')}`;
    this.#tokens.add(token);
    const life = expiresIn === undefined ? {} : {expires_in: expiresIn};
    const given = exchanged ? {access_token: token, ...life} : {token, ...life};
    return answer({status: 200, body: JSON.stringify(given)});
  }

  #userOf(authorization: string): string | undefined {
    const [user = '', password] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    return password !== undefined && this.auth?.users?.[user] === password ? user : undefined;
  }
}

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const server = createServer((incoming, response) => {
    void bodyOf(incoming).then((body) => {
      const method = incoming.method ?? '';
      const path = incoming.url ?? '';
      const before = registry.requests.filter((one) => one.method === method && one.path === path).length;
      registry.handle({method, path, headers: incoming.headers, body, before}, response);
    });
  });
  // As a proxy it forwards nothing.
  server.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  const registry = new FakeRegistry(`127.0.0.1:${port}`, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return registry;
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of incoming) pieces.push(piece as Uint8Array);
  return Buffer.concat(pieces).toString();
}

function answer(parts: {status: number; headers?: Record<string, string>; body?: string}): Answer {
  return {status: parts.status, headers: parts.headers ?? {}, body: Buffer.from(parts.body ?? '')};
}

function send(request: FakeRequest, response: ServerResponse, whole: Answer, fault: Fault | undefined): void {
  const from = Number(/^bytes=(\d+)-$/.exec(String(request.headers['range'] ?? ''))?.[1] ?? 0);
  const partial = whole.status === 200 && from > 0 && fault?.type !== 'no-range';
  let body = partial ? whole.body.subarray(from) : whole.body;
  if (fault?.type === 'corrupt') {
    body = Buffer.from(body);
    body[0] = (body[0] ?? 0) ^ 1;
  }
  if (fault?.type === 'excess') body = Buffer.concat([body, Buffer.alloc(fault.bytes)]);
  if (fault?.type === 'short') body = body.subarray(0, fault.bytes);
  const total = whole.body.length;
  const range = partial ? {'content-range': `bytes ${from}-${total - 1}/${total}`} : {};
  response.writeHead(partial ? 206 : whole.status, {
    ...whole.headers,
    ...range,
    'content-length': body.length,
  });
  if (request.method === 'HEAD') response.end();
  else if (fault?.type === 'cut')
    response.write(body.subarray(0, fault.bytes), () => response.socket?.destroy());
  else if (fault?.type === 'stall') response.write(body.subarray(0, fault.bytes));
  else response.end(body);
}
