// A registry in this process that takes blobs and manifests, in memory, and counts what it is sent. `fault` decides per
// request what happens instead of the proper answer: what the write side of a client meets on bad days.

import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {digestOf} from '../../src/oci/digest.ts';

export interface UploadFault {
  /** Takes this many bytes of the body, keeps them, and breaks the connection. */
  readonly cutAfter?: number;
  /** Does all that was asked for, and breaks the connection without saying so. */
  readonly mute?: boolean;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Takes no more of the body, and does not answer. */
  readonly stall?: boolean;
}

export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** How often this method was asked for on this kind of path before. */
  readonly before: number;
}

export class UploadRegistry {
  readonly address: string;
  readonly seen: SeenRequest[] = [];
  /** `repository digest` */
  readonly blobs = new Map<string, Buffer>();
  /** `repository name` */
  readonly manifests = new Map<string, {bytes: Buffer; mediaType: string}>();
  /** Bytes of blobs that arrived. */
  bytesTaken = 0;
  mounts = true;
  /** Larger bodies are refused with 413. */
  bodyBytesMax = Number.POSITIVE_INFINITY;
  fault: (request: SeenRequest) => UploadFault | undefined = () => undefined;
  readonly #uploads = new Map<string, {repository: string; bytes: Buffer}>();
  #uploadsOpened = 0;
  readonly #stop: () => Promise<void>;

  constructor(address: string, stop: () => Promise<void>) {
    this.address = address;
    this.#stop = stop;
  }

  /** `METHOD kind` of every request: HEAD blob, POST uploads, PATCH upload, GET upload, PUT upload, PUT manifest. */
  get log(): string[] {
    return this.seen.map(({method, path}) => `${method} ${kindOf(path)}`);
  }

  forgetUploads(): void {
    this.#uploads.clear();
  }

  close(): Promise<void> {
    return this.#stop();
  }

  async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const {method = '', url: path = '', headers, socket} = incoming;
    const like = `${method} ${kindOf(path)}`;
    const request = {method, path, headers, before: this.log.filter((line) => line === like).length};
    this.seen.push(request);
    const fault = this.fault(request);
    if (fault?.stall) return;
    if (fault?.status !== undefined) {
      incoming.resume();
      response.writeHead(fault.status, {...fault.headers}).end(fault.body ?? '');
      return;
    }
    const url = new URL(path, `http://${this.address}`);
    if (Number(headers['content-length'] ?? 0) > this.bodyBytesMax) {
      response.writeHead(413).end();
      return;
    }
    const body = await this.#bodyOf(incoming, fault?.cutAfter);
    if (kindOf(path) === 'upload' || kindOf(path) === 'uploads') this.bytesTaken += body.length;
    const answer = this.#answer(request, url, body);
    if (fault?.mute || fault?.cutAfter !== undefined) socket.destroy();
    else response.writeHead(answer.status, answer.headers).end(method === 'HEAD' ? '' : answer.body);
  }

  async #bodyOf(incoming: IncomingMessage, limit: number | undefined): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let size = 0;
    try {
      for await (const piece of incoming) {
        pieces.push(piece as Buffer);
        size += (piece as Buffer).length;
        if (limit !== undefined && size >= limit) break;
      }
    } catch {
      // The other side broke off.
    }
    return Buffer.concat(pieces).subarray(0, limit);
  }

  #answer(
    {method, headers}: SeenRequest,
    url: URL,
    body: Buffer,
  ): {status: number; headers?: Record<string, string>; body?: string | Buffer} {
    const [, repository = '', kind = '', rest = ''] =
      /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
    if (kind === 'manifests') {
      const mediaType = String(headers['content-type'] ?? '');
      for (const name of [rest, digestOf(body)])
        this.manifests.set(`${repository} ${name}`, {bytes: body, mediaType});
      return {status: 201, headers: {'docker-content-digest': digestOf(body)}};
    }
    if (kind === 'blobs') {
      const found = this.blobs.get(`${repository} ${rest}`);
      return found === undefined
        ? {status: 404}
        : {status: 200, headers: {'content-length': String(found.length)}, body: found};
    }
    return rest === '' ? this.#open(repository, url) : this.#continue(method, headers, url, rest, body);
  }

  #open(repository: string, url: URL): {status: number; headers: Record<string, string>} {
    const [mount, from] = [url.searchParams.get('mount'), url.searchParams.get('from')];
    const known = mount === null ? undefined : this.blobs.get(`${from} ${mount}`);
    if (known !== undefined && this.mounts) {
      this.blobs.set(`${repository} ${mount}`, known);
      return {status: 201, headers: {}};
    }
    const id = `u${++this.#uploadsOpened}`;
    this.#uploads.set(id, {repository, bytes: Buffer.alloc(0)});
    return {
      status: 202,
      headers: {location: `/v2/${repository}/blobs/uploads/${id}?_state=a%2Fb+c`, range: '0-0'},
    };
  }

  #continue(
    method: string,
    headers: SeenRequest['headers'],
    url: URL,
    id: string,
    body: Buffer,
  ): {status: number; headers?: Record<string, string>; body?: string} {
    const upload = this.#uploads.get(id);
    if (upload === undefined) return {status: 404, body: '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}'};
    const start = /^(\d+)-/.exec(String(headers['content-range'] ?? ''))?.[1];
    if (start !== undefined && Number(start) !== upload.bytes.length) return {status: 416};
    upload.bytes = Buffer.concat([upload.bytes, body]);
    const size = upload.bytes.length;
    const state = {
      location: `http://${this.address}/v2/${upload.repository}/blobs/uploads/${id}?_state=at${size}`,
      range: `0-${Math.max(0, size - 1)}`,
    };
    if (method !== 'PUT') return {status: method === 'GET' ? 204 : 202, headers: state};
    const digest = url.searchParams.get('digest') ?? '';
    if (Number(headers['content-length'] ?? 0) !== body.length) return {status: 400};
    if (digestOf(upload.bytes) !== digest) {
      return {status: 400, body: '{"errors":[{"code":"DIGEST_INVALID","message":"no such digest"}]}'};
    }
    this.blobs.set(`${upload.repository} ${digest}`, upload.bytes);
    this.#uploads.delete(id);
    return {status: 201, headers: {'docker-content-digest': digest}};
  }
}

function kindOf(path: string): string {
  if (/\/blobs\/uploads\/(?:\?|$)/.test(path)) return 'uploads';
  if (path.includes('/blobs/uploads/')) return 'upload';
  return path.includes('/blobs/') ? 'blob' : 'manifest';
}

export async function startUploadRegistry(): Promise<UploadRegistry> {
  const server = createServer((incoming, response) => {
    incoming.on('error', () => undefined);
    const {socket} = incoming;
    registry.handle(incoming, response).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  const registry = new UploadRegistry(`127.0.0.1:${port}`, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return registry;
}
