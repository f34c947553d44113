// One blob on its way into a repository (distribution-spec 1.1, "Pushing a blob in chunks"). A small blob goes in one
// PUT. A large one is streamed in one PATCH, as docker does; when that breaks, the registry is asked how much it has
// (GET on the upload) and the rest is sent, so that no byte goes twice unless the registry lost it. A server that
// refuses bodies of that size (413) gets chunks. The registry verifies the digest with the last PUT.

import type {Digest} from '../../../oci/digest.ts';
import {BadAnswer} from '../failures.ts';
import type {HttpResponse} from '../http.ts';
import {NetworkFailure} from '../network-failure.ts';
import {type Pacing, pauseAfter, TryLater} from '../retry.ts';
import {detailOf, type RegistryRequest} from '../session.ts';

export interface UploadOptions {
  readonly digest: Digest;
  readonly size: number;
  /** The bytes from `offset` on. */
  read(offset: number): AsyncIterable<Uint8Array>;
  /** Opens an upload session: an answer with status 202 and its Location. */
  start(): Promise<HttpResponse>;
  send(request: Omit<RegistryRequest, 'scope' | 'signal'>): Promise<HttpResponse>;
  /** Whether the repository has the blob. */
  exists(): Promise<boolean>;
  /** Where the upload is to be taken up, for whoever wants to remember it; undefined when it is over. */
  keep(location: URL | undefined): void;
  readonly pacing: Pacing;
  readonly signal: AbortSignal;
  /** Called with all bytes sent so far; less than before when some were lost. */
  onBytes?(sent: number): void;
}

const smallBytesMax = 1024 * 1024;
/** What servers with a limit of bodies are tried with, one after the other. */
const chunkSizes = [32, 8, 1].map((mebibytes) => mebibytes * 1024 * 1024);
/** With pauses up to 8 s: long enough for a registry to be started again. */
const attemptsMax = 8;
const restartsMax = 3;

/** The session is gone: everything is to be sent again. */
class UploadLost extends Error {
  override readonly name = 'UploadLost';
}
/** The registry has another number of bytes than we believed. */
class OutOfStep extends Error {
  override readonly name = 'OutOfStep';
}
class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

export class BlobUpload {
  readonly #options: UploadOptions;
  #location: URL | undefined;
  /** What the registry has. */
  #offset = 0;
  #chunkBytes = Number.POSITIVE_INFINITY;
  #chunkBytesMin = 0;
  #fruitless = 0;
  #restarts = 0;
  #finishing = false;

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  /** Takes up an upload that another run left behind; false when the registry knows it no more. */
  async resume(location: URL): Promise<boolean> {
    this.#location = location;
    try {
      await this.#ask();
      return true;
    } catch (error) {
      if (this.#options.signal.aborted) throw error;
      this.#location = undefined;
      return false;
    }
  }

  /** Goes on from the answer that opened a session. */
  async opened(answer: HttpResponse): Promise<void> {
    this.#offset = 0;
    this.#chunkBytesMin = Number(answer.headers['oci-chunk-min-length'] ?? 0) || 0;
    this.#moved(answer);
    await answer.discard();
    if (this.#location === undefined) {
      throw new BadAnswer('registry-invalid-answer', 'no address for the upload', answer.url.host);
    }
  }

  async run(): Promise<void> {
    const {size, signal, start} = this.#options;
    for (;;) {
      const before = this.#offset;
      try {
        if (this.#location === undefined) await this.opened(await start());
        const small = size <= Math.min(smallBytesMax, this.#chunkBytes) && this.#offset === 0;
        if (this.#offset < size && !small) await this.#patch();
        else {
          await this.#finish();
          break;
        }
        this.#fruitless = 0;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (await this.#recovered(error, before)) break;
      }
    }
    this.#options.keep(undefined);
  }

  async #patch(): Promise<void> {
    const {size} = this.#options;
    const start = this.#offset;
    const end = Math.min(size, start + Math.max(this.#chunkBytes, this.#chunkBytesMin));
    const whole = start === 0 && end === size;
    const answer = await this.#options.send({
      method: 'PATCH',
      path: this.#address(),
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(end - start),
        // Not for a whole blob: some registries take a range for a chunk, and chunks not at all.
        ...(whole ? {} : {'content-range': `${start}-${end - 1}`}),
      },
      body: () => this.#bytes(start, end),
      attemptsMax: 1,
    });
    await this.#checked(answer, [202, 201, 204]);
    this.#moved(answer);
    const taken = offsetOf(answer) ?? end;
    await answer.discard();
    if (taken <= start || taken > end) throw new OutOfStep(`${taken} bytes`);
    this.#offset = taken;
  }

  async #finish(): Promise<void> {
    const {digest, size} = this.#options;
    const start = this.#offset;
    const address = this.#address();
    // By hand: what is signed in the address must not be spelled another way.
    address.search += `${address.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
    this.#finishing = true;
    const answer = await this.#options.send({
      method: 'PUT',
      path: address,
      headers: {'content-type': 'application/octet-stream', 'content-length': String(size - start)},
      ...(start < size ? {body: () => this.#bytes(start, size)} : {}),
      patient: true,
      attemptsMax: 1,
    });
    await this.#checked(answer, [201, 200, 202, 204]);
    await answer.discard();
    this.#options.onBytes?.(size);
  }

  async *#bytes(start: number, end: number): AsyncGenerator<Uint8Array> {
    let sent = start;
    for await (const piece of this.#options.read(start)) {
      const part = piece.subarray(0, end - sent);
      yield part;
      sent += part.length;
      this.#options.onBytes?.(sent);
      if (sent === end) return;
    }
  }

  async #checked(answer: HttpResponse, expected: readonly number[]): Promise<void> {
    const {status} = answer;
    if (expected.includes(status)) return;
    const detail = await detailOf(answer);
    if (status === 404) throw new UploadLost(detail);
    if (status === 416) throw new OutOfStep(detail);
    if (status === 413) throw new BodyTooLarge(detail);
    // The bytes were changed on the way, or an upload of before holds others: once more from the start.
    if (status === 400 && /digest/i.test(detail) && this.#restarts < 1) throw new UploadLost(detail);
    const said = detail === '' ? '' : ` (${detail})`;
    throw new BadAnswer('registry-invalid-answer', `status ${status} to an upload${said}`, answer.url.host);
  }

  /** True when the blob turns out to be there; throws what there is no way on from. */
  async #recovered(error: unknown, before: number): Promise<boolean> {
    if (error instanceof BodyTooLarge) return this.#smaller(error);
    if (error instanceof UploadLost) return this.#restarted(error);
    if (this.#offset > before) this.#fruitless = 0;
    const isTurnedAway = error instanceof TryLater && (error.status === 429 || error.status === 503);
    for (let failure = error; ; ) {
      if (!isPassing(failure)) throw failure;
      if (this.#location === undefined) throw failure;
      this.#fruitless++;
      const pauseMs = pauseAfter(asPassing(failure), this.#fruitless, attemptsMax, this.#options.pacing);
      if (pauseMs === undefined) throw failure instanceof OutOfStep ? this.#unsteady(failure) : failure;
      await this.#options.pacing.wait(pauseMs, this.#options.signal);
      try {
        if (this.#finishing && !isTurnedAway && (await this.#options.exists())) return true;
        const had = this.#offset;
        await this.#ask(isTurnedAway);
        if (this.#offset > had) this.#fruitless = 0;
        return false;
      } catch (again) {
        if (this.#options.signal.aborted) throw this.#options.signal.reason;
        if (again instanceof UploadLost) return this.#restarted(again);
        failure = again;
      }
    }
  }

  /** Asks how much the registry has. One that turned the last request away has what it had before, if it does not tell. */
  async #ask(isTurnedAway = false): Promise<void> {
    const answer = await this.#options.send({path: this.#address(), attemptsMax: 1});
    const {status} = answer;
    await answer.discard();
    const offset = offsetOf(answer);
    const isTold = status >= 200 && status <= 299;
    if (isTurnedAway && status !== 404 && offset === undefined) {
      if (isTold) this.#moved(answer);
      return;
    }
    if (!isTold || (offset ?? 0) > this.#options.size) throw new UploadLost(`status ${status}`);
    this.#moved(answer);
    // Nothing, or one byte: registries say both with 0-0. A new session costs less than to find out.
    if (offset === undefined) this.#location = undefined;
    this.#offset = offset ?? 0;
    this.#options.onBytes?.(this.#offset);
  }

  #restarted(error: Error): false {
    this.#restarts++;
    if (this.#restarts > restartsMax) throw this.#unsteady(error);
    this.#location = undefined;
    this.#offset = 0;
    this.#finishing = false;
    this.#options.onBytes?.(0);
    return false;
  }

  #smaller(error: BodyTooLarge): false {
    const next = chunkSizes.find((bytes) => bytes < Math.min(this.#chunkBytes, this.#options.size));
    if (next === undefined || next < this.#chunkBytesMin) {
      const said = error.message === '' ? '' : ` (${error.message})`;
      throw new BadAnswer('registry-invalid-answer', `status 413, too large a body${said}`);
    }
    this.#chunkBytes = next;
    // An answer that came before the end may have left a part behind.
    return this.#restarted(error);
  }

  #unsteady(error: Error): BadAnswer {
    const said = error.message === '' ? '' : ` (${error.message})`;
    return new BadAnswer('registry-invalid-answer', `up the upload again and again${said}`);
  }

  #moved({headers, url}: HttpResponse): void {
    const {location} = headers;
    if (location === undefined || !URL.canParse(location, url.href)) return;
    const moved = new URL(location, url);
    // A registry behind a proxy that ends TLS may not know that it is spoken to with it.
    if (url.protocol === 'https:' && moved.protocol === 'http:' && moved.hostname === url.hostname) {
      moved.protocol = 'https:';
      moved.port = url.port;
    }
    this.#location = moved;
    this.#options.keep(moved);
  }

  #address(): URL {
    const location = this.#location;
    if (location === undefined) throw new UploadLost('');
    return new URL(location);
  }
}

/** From `Range: 0-99`: 100. `0-0` is what nothing looks like. */
function offsetOf({headers}: HttpResponse): number | undefined {
  const last = /^(?:bytes=)?0-(\d+)$/.exec((headers['range'] ?? '').trim())?.[1];
  return last === undefined || last === '0' ? undefined : Number(last) + 1;
}

function isPassing(error: unknown): boolean {
  return error instanceof OutOfStep || error instanceof TryLater || error instanceof NetworkFailure;
}

/** A registry that an upload was under way to is down for a moment, not absent. */
function asPassing(error: unknown): unknown {
  if (error instanceof TryLater) return error;
  if (error instanceof NetworkFailure && error.kind !== 'refused' && error.kind !== 'timeout') return error;
  return new NetworkFailure('broken', '', '');
}
