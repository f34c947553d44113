// One blob, from the first byte to a verified last one. A connection that breaks is taken up where it broke (Range);
// how often depends on whether bytes still come. The reader has the bytes before they are verified, so it must not
// believe them until the download has ended without an error. Whoever keeps what it gets may have a part already, and
// hashes all of it anyway: then it is asked for the digest. If-Range is of no use: what has a digest does not change.

import {createHash} from 'node:crypto';
import type {Descriptor} from '../../oci/descriptor.ts';
import type {Digest} from '../../oci/digest.ts';
import {after} from '../../util/after.ts';
import {BadAnswer} from './failures.ts';
import type {HttpResponse} from './http.ts';
import {NetworkFailure} from './network-failure.ts';
import {type Pacing, pauseAfter, retryLimits} from './retry.ts';

export interface DownloadOptions {
  readonly descriptor: Descriptor;
  /** The bytes from `offset` on, or from before; retries and mirrors are its business. */
  request(offset: number): Promise<BlobAnswer>;
  /** An answer broke off, or stood still. */
  onBroken?(error: NetworkFailure): void;
  readonly pacing: Pacing;
  readonly signal: AbortSignal;
  readonly into?: BlobKeeper | undefined;
}

export interface BlobAnswer {
  readonly response: HttpResponse;
  /** At which byte of the blob it begins. */
  readonly start: number;
}

/** Whoever takes the bytes, in order, and hashes them. */
export interface BlobKeeper {
  /** How many it has; before the download, those that it needs no more. */
  readonly size: number;
  /** Of all that it has; nothing follows. */
  digest(): Digest;
}

/** A connection that gave less than this has made no progress. */
const progressBytesMin = 64 * 1024;

export async function* downloadBlob(options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const {descriptor, pacing, signal, into} = options;
  const hash = into === undefined ? createHash('sha256') : undefined;
  let received = into?.size ?? 0;
  let fruitless = 0;
  let host: string | undefined;
  while (received === 0 || received < descriptor.size) {
    const before = received;
    const {response, start} = await options.request(received);
    host = response.url.host;
    try {
      for await (const piece of after(response.body, received - start)) {
        received += piece.length;
        if (received > descriptor.size) {
          throw new BadAnswer(
            'registry-wrong-digest',
            `more than the ${descriptor.size} bytes of ${descriptor.digest}`,
            host,
          );
        }
        hash?.update(piece);
        yield piece;
      }
      if (received === descriptor.size) break;
      throw new NetworkFailure('broken', host, `${received} of ${descriptor.size} bytes came`);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof NetworkFailure)) throw error;
      // Everything came, only the end of the connection was untidy.
      if (received === descriptor.size) break;
      options.onBroken?.(error);
      fruitless = received - before >= progressBytesMin ? 1 : fruitless + 1;
      const pauseMs = pauseAfter(error, fruitless, retryLimits.attemptsMax, pacing);
      if (pauseMs === undefined) throw error;
      await pacing.wait(pauseMs, signal);
    }
  }
  const digest = into === undefined ? `sha256:${hash?.digest('hex')}` : into.digest();
  if (digest !== descriptor.digest) {
    throw new BadAnswer('registry-wrong-digest', `bytes of digest ${digest} for ${descriptor.digest}`, host);
  }
}
