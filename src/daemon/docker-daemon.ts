// docker's API, as far as images are loaded through it: over a unix socket, or over the network. Versions without a
// number in the path are understood by every docker, and by podman's service.

import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as startPlain,
} from 'node:http';
import {buildError} from '../diagnostics/build-error.ts';
import {type DiffId, parseDigest} from '../oci/digest.ts';
import {errorText} from '../util/error-text.ts';
import {mapLimited} from '../util/map-limited.ts';
import type {Daemon, WriteBytes} from './daemon.ts';
import type {Endpoint} from './endpoint.ts';

const answerTimeoutMs = 10_000;
const answerBytesMax = 64 * 1024 * 1024;
/** Images that are asked for their layers: the newest, so many at once. */
const imagesMax = 512;
const imagesAtOnce = 8;

/** The first docker that unpacks layers of zstd. */
const zstdMajor = 23;

interface Answer {
  readonly status: number;
  readonly text: string;
}

export class DockerDaemon implements Daemon {
  readonly name: string;
  readonly keepsIndexes: boolean;
  readonly readsZstd: boolean;
  readonly #endpoint: Endpoint;

  private constructor(endpoint: Endpoint, told: Pick<Daemon, 'name' | 'keepsIndexes' | 'readsZstd'>) {
    this.#endpoint = endpoint;
    this.name = told.name;
    this.keepsIndexes = told.keepsIndexes;
    this.readsZstd = told.readsZstd;
  }

  /** Undefined: nobody answers there. */
  static async reach(endpoint: Endpoint, address: string): Promise<DockerDaemon | undefined> {
    const answer = await ask(endpoint, '/info').catch(() => undefined);
    if (answer === undefined) return undefined;
    if (answer.status !== 200) throw failed('docker', `${address}: ${messageOf(answer)}`);
    const {
      DriverStatus: status,
      ServerVersion: version,
      BuildahVersion: buildah,
    } = (json(answer.text) ?? {}) as {
      DriverStatus?: unknown;
      ServerVersion?: unknown;
      BuildahVersion?: unknown;
    };
    // containerd's store takes whole indexes, and other layers than the ones that its images tell of.
    const keepsIndexes = JSON.stringify(status ?? []).includes('io.containerd.snapshotter');
    const major = Number.parseInt(String(version), 10);
    // podman's service says so, has numbers of its own, and reads zstd in all of them.
    const readsZstd = buildah !== undefined || !(major < zstdMajor);
    return new DockerDaemon(endpoint, {name: 'docker', keepsIndexes, readsZstd});
  }

  async layerStacks(signal: AbortSignal): Promise<readonly (readonly DiffId[])[]> {
    if (this.keepsIndexes) return [];
    const listed = json((await ask(this.#endpoint, '/images/json', signal)).text);
    const ids = (Array.isArray(listed) ? listed : [])
      .map((image: unknown) => parseDigest(String((image as {Id?: unknown} | null)?.Id)))
      .flatMap((id) => id ?? [])
      .slice(0, imagesMax);
    const stacks = await mapLimited(ids, imagesAtOnce, async (id): Promise<DiffId[][]> => {
      const {text} = await ask(this.#endpoint, `/images/${id}/json`, signal);
      const {RootFS: root} = (json(text) ?? {}) as {RootFS?: {Layers?: unknown}};
      return Array.isArray(root?.Layers) ? [root.Layers.map(String) as DiffId[]] : [];
    });
    return stacks.flat();
  }

  async load(produce: (write: WriteBytes) => Promise<void>, signal: AbortSignal): Promise<void> {
    const request = await start(this.#endpoint, {
      method: 'POST',
      path: '/images/load?quiet=1',
      headers: {'Content-Type': 'application/x-tar'},
      signal,
    });
    const answering = answerTo(request);
    // It may answer, or be gone, long before everything is written; then that is what counts.
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    request.on('response', over).on('error', over);
    answering.catch(over);
    const write: WriteBytes = async (chunk) => {
      if (isOver) throw new Error('it reads no more');
      const written = new Promise<void>((resolve) => request.write(chunk, () => resolve()));
      await Promise.race([written, answering]);
    };
    try {
      await produce(write);
      request.end();
    } catch (error) {
      if (!isOver) {
        request.destroy();
        throw error;
      }
    }
    const answer = await answering.catch((error: unknown) => {
      signal.throwIfAborted();
      throw failed(this.name, errorText(error), error);
    });
    const problem = answer.status === 200 ? problemIn(answer.text) : messageOf(answer);
    if (problem !== undefined) throw failed(this.name, problem);
  }
}

/** One JSON object a line, of which one with `error` is the last. */
export function problemIn(lines: string): string | undefined {
  for (const line of lines.split('\n')) {
    const {error} = (json(line) ?? {}) as {error?: unknown};
    if (error !== undefined) return String(error);
  }
  return undefined;
}

async function ask(endpoint: Endpoint, path: string, signal?: AbortSignal): Promise<Answer> {
  const limit = AbortSignal.timeout(answerTimeoutMs);
  const request = await start(endpoint, {
    path,
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  });
  request.end();
  return answerTo(request);
}

async function start(endpoint: Endpoint, options: RequestOptions): Promise<ClientRequest> {
  if (endpoint.type === 'socket') return startPlain({...options, socketPath: endpoint.path});
  const {host, port, tls} = endpoint;
  if (tls === undefined) return startPlain({...options, host, port});
  const {request: startSecured} = await import('node:https');
  const {ca, cert, key, verify} = tls;
  return startSecured({...options, host, port, ca, cert, key, rejectUnauthorized: verify});
}

function answerTo(request: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        if (text.length > answerBytesMax) response.destroy(new Error('its answer has no end'));
      });
      response.on('error', reject);
      response.on('end', () => resolve({status: response.statusCode ?? 0, text}));
    });
  });
}

function messageOf({status, text}: Answer): string {
  const {message} = (json(text) ?? {}) as {message?: unknown};
  return typeof message === 'string' ? message : `HTTP status ${status}`;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function failed(name: string, reason: string, cause?: unknown): Error {
  return buildError('environment', 'daemon-load', `${name} cannot take the image: ${reason}`, {cause});
}
