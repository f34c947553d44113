// One URL into one file, from the first byte to the last: retried where it broke off (Range with If-Range, RFC 9110
// §13.1.5), not sent at all when the copy that is here is still good. The digest is of the bytes as stored.

import {createHash, type Hash} from 'node:crypto';
import {type FileHandle, open} from 'node:fs/promises';
import {createGunzip} from 'node:zlib';
import {type Digest, parseDigest} from '../../oci/digest.ts';
import {assert} from '../../util/assert.ts';
import type {HttpClient, HttpResponse} from '../registry/http.ts';
import {NetworkFailure} from '../registry/network-failure.ts';
import {type Pacing, pauseAfter, retryAfterMs, retryLimits, TryLater} from '../registry/retry.ts';
import {BadStatus} from './failures.ts';

/** What a server said of a file, to ask later whether it is still the same. */
export interface Validators {
  readonly etag?: string;
  /** Last-Modified as it was sent, when it may be relied on. */
  readonly modified?: string;
}

export interface DownloadRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the copy that is here. */
  readonly known?: Validators;
  /** The digest is known, so it does not matter which way the bytes come. */
  readonly verified: boolean;
  /** Gives the path of a new file; asked once bytes come. */
  path(): Promise<string>;
  readonly http: HttpClient;
  readonly pacing: Pacing;
  readonly signal: AbortSignal;
  onBytes?(received: number, total: number | undefined): void;
}

export type Download =
  | {readonly type: 'unchanged'}
  | {
      readonly type: 'file';
      readonly digest: Digest;
      readonly validators: Validators;
      /** Of Last-Modified; 0 without one, as BuildKit has it. */
      readonly modifiedSeconds: number;
    };

/** Throws BadStatus, TryLater and NetworkFailure. */
export async function download(request: DownloadRequest): Promise<Download> {
  const {pacing, signal} = request;
  const transfer = new Transfer(request);
  try {
    for (let fruitless = 1; ; fruitless++) {
      const before = transfer.received;
      try {
        return await transfer.attempt();
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (transfer.received > before) fruitless = 1;
        const pauseMs = pauseAfter(error, fruitless, retryLimits.attemptsMax, pacing);
        if (pauseMs === undefined) throw error;
        await pacing.wait(pauseMs, signal);
      }
    }
  } finally {
    await transfer.close();
  }
}

class Transfer {
  received = 0;
  readonly #request: DownloadRequest;
  #file: FileHandle | undefined;
  #hash: Hash = createHash('sha256');
  /** Strong validator of the bytes that are here, to go on after them. */
  #etag: string | undefined;

  constructor(request: DownloadRequest) {
    this.#request = request;
  }

  async attempt(): Promise<Download> {
    const {url, http, headers, known, verified, signal} = this.#request;
    const goesOn = this.received > 0 && this.#etag !== undefined;
    const conditions: Readonly<Record<string, string>> = goesOn
      ? {range: `bytes=${this.received}-`, 'if-range': this.#etag ?? ''}
      : conditionsOf(known);
    const response = await http.request(url, {headers: {...headers, ...conditions}, signal, verified});
    const {status} = response;
    if (status === 304 && !goesOn) {
      await response.discard();
      return {type: 'unchanged'};
    }
    if (status === 429 || status >= 500) {
      await response.discard();
      throw new TryLater(status, retryAfterMs(response.headers, this.#request.pacing.nowMs()), '');
    }
    const continues = status === 206 && goesOn && startOf(response) === this.received;
    if (!continues && (status < 200 || status > 299 || status === 206)) {
      await response.discard();
      throw new BadStatus(status);
    }
    // Some servers give an ETag and do not heed If-None-Match.
    if (!continues && isSameEtag(response.headers['etag'], known?.etag)) {
      await response.discard();
      return {type: 'unchanged'};
    }
    if (!continues) await this.#start(response);
    await this.#take(response);
    const digest = parseDigest(`sha256:${this.#hash.digest('hex')}`);
    assert(digest !== undefined, 'a hash is a digest');
    const {validators, modifiedSeconds} = validatorsOf(response.headers);
    return {type: 'file', digest, validators, modifiedSeconds};
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #start(response: HttpResponse): Promise<void> {
    this.#file ??= await open(await this.#request.path(), 'wx', 0o600);
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.received = 0;
    const etag = response.headers['etag'];
    // A weak one says nothing about bytes, and offsets in a compressed body are none in what is stored.
    const strong = etag !== undefined && !etag.startsWith('W/') && !isCompressed(response);
    this.#etag = strong ? etag : undefined;
  }

  async #take(response: HttpResponse): Promise<void> {
    const file = this.#file;
    assert(file !== undefined, 'a transfer was started');
    const {onBytes} = this.#request;
    const total = totalOf(response, this.received);
    for await (const piece of plainBody(response)) {
      this.#hash.update(piece);
      await writeAll(file, piece, this.received);
      this.received += piece.length;
      onBytes?.(this.received, total);
    }
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const {bytesWritten} = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function conditionsOf(known: Validators | undefined): Readonly<Record<string, string>> {
  if (known?.etag !== undefined) return {'if-none-match': known.etag};
  return known?.modified === undefined ? {} : {'if-modified-since': known.modified};
}

function isSameEtag(now: string | undefined, known: string | undefined): boolean {
  return now !== undefined && known !== undefined && now.replace(/^W\//, '') === known.replace(/^W\//, '');
}

/**
 * A file may change twice within the second that Last-Modified tells; it is a strong validator only when the answer is
 * younger than that (RFC 9110 §8.8.2.2).
 */
function validatorsOf(headers: HttpResponse['headers']): {
  readonly validators: Validators;
  readonly modifiedSeconds: number;
} {
  const {etag, 'last-modified': modified = '', date = ''} = headers;
  const modifiedMs = Date.parse(modified);
  const validators: Validators = {
    ...(etag === undefined ? {} : {etag}),
    ...(Date.parse(date) - modifiedMs >= 1000 ? {modified} : {}),
  };
  const modifiedSeconds = Number.isNaN(modifiedMs) ? 0 : Math.max(0, Math.floor(modifiedMs / 1000));
  return {validators, modifiedSeconds};
}

function startOf(response: HttpResponse): number | undefined {
  const start = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
}

function totalOf(response: HttpResponse, before: number): number | undefined {
  const length = Number(response.headers['content-length']);
  return isCompressed(response) || !Number.isSafeInteger(length) ? undefined : before + length;
}

function isCompressed(response: HttpResponse): boolean {
  return response.headers['content-encoding'] === 'gzip';
}

/** We do not ask for a content coding, but some servers use gzip unasked; BuildKit undoes it, and only it. */
async function* plainBody(response: HttpResponse): AsyncGenerator<Uint8Array> {
  if (!isCompressed(response)) {
    yield* response.body;
    return;
  }
  const {Readable} = await import('node:stream');
  const gunzip = createGunzip();
  const compressed = Readable.from(response.body, {objectMode: false});
  compressed.on('error', (error) => gunzip.destroy(error));
  try {
    yield* compressed.pipe(gunzip) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw error;
    throw new NetworkFailure('protocol', response.url.host, 'the body is no valid gzip stream', {
      cause: error,
    });
  } finally {
    compressed.destroy();
  }
}
