// What is read from one endpoint of a registry: manifests by name, the digest of a tag, blobs from an offset on. An
// answer that is not what was asked for is NotFound or BadAnswer, so that the next endpoint can be tried.

import type {Descriptor} from '../../oci/descriptor.ts';
import {type Digest, digestOf, parseDigest} from '../../oci/digest.ts';
import {mediaTypes} from '../../oci/media-types.ts';
import type {Reference} from '../../oci/reference.ts';
import type {BlobAnswer} from './blob-download.ts';
import type {Endpoint} from './endpoints.ts';
import {BadAnswer, NotFound} from './failures.ts';
import type {HttpResponse} from './http.ts';
import {NetworkFailure} from './network-failure.ts';
import {afterOwnTime} from './receive-watch.ts';
import type {FetchedManifest} from './resolve-image.ts';
import {detailOf, type RegistryRequest, type RegistrySession} from './session.ts';

export const acceptedManifests = [
  mediaTypes.index,
  mediaTypes.manifest,
  mediaTypes.dockerManifestList,
  mediaTypes.dockerManifest,
].join(', ');
/** docker's own limit. */
const manifestBytesMax = 4 * 1024 * 1024;
/** A mirror that fails has a registry behind it. */
const mirrorAttemptsMax = 2;

export class EndpointReader {
  readonly #session: RegistrySession;
  readonly #hurryMs: number;

  /** `hurryMs` is what a host has to answer in that is not the last one. */
  constructor(session: RegistrySession, hurryMs: number) {
    this.#session = session;
    this.#hurryMs = hurryMs;
  }

  /** The digest of a tag by HEAD, which Docker Hub does not count; undefined when the registry does not tell. */
  async tagDigest(
    endpoint: Endpoint,
    reference: Reference,
    tag: string,
    signal: AbortSignal,
  ): Promise<Digest | undefined> {
    const response = await this.#send(endpoint, {
      ...requestFor(endpoint, reference, `/manifests/${tag}`, signal),
      method: 'HEAD',
      headers: {accept: acceptedManifests},
    });
    await response.discard();
    if (response.status === 404) throw new NotFound('');
    return response.status === 200 ? parseDigest(response.headers['docker-content-digest'] ?? '') : undefined;
  }

  /**
   * A manifest by tag or digest; its digest is the one asked for, or else the one the registry tells, or else its
   * own.
   */
  async manifest(
    endpoint: Endpoint,
    reference: Reference,
    name: string,
    signal: AbortSignal,
  ): Promise<FetchedManifest> {
    const response = await this.#send(endpoint, {
      ...requestFor(endpoint, reference, `/manifests/${name}`, signal),
      headers: {accept: acceptedManifests},
    });
    await checkStatus(response);
    const bytes = await response.bytes(manifestBytesMax);
    const digest = digestOf(bytes);
    const expected = parseDigest(name) ?? parseDigest(response.headers['docker-content-digest'] ?? '');
    if (expected !== undefined && expected !== digest) {
      throw new BadAnswer('registry-wrong-digest', `a manifest of digest ${digest} for ${expected}`);
    }
    const contentType = response.headers['content-type']?.split(';')[0]?.trim();
    return {digest, bytes, ...(contentType === undefined ? {} : {contentType})};
  }

  /** The answer with a blob's bytes, from `offset` on where the registry can do that, or else whole; unverified. */
  async blob(
    endpoint: Endpoint,
    reference: Reference,
    descriptor: Descriptor,
    offset: number,
    signal: AbortSignal,
  ): Promise<BlobAnswer> {
    const response = await this.#send(endpoint, {
      ...requestFor(endpoint, reference, `/blobs/${descriptor.digest}`, signal),
      // Compressed on the way, a body would have other bytes than its digest.
      headers: {'accept-encoding': 'identity', ...(offset === 0 ? {} : {range: `bytes=${offset}-`})},
      verified: true,
    });
    // Whole, it may come all the same: a part that is kept must not be in the way of every later pull.
    const start = startOf(response, offset);
    if (start === undefined && offset > 0) {
      await response.discard();
      return this.blob(endpoint, reference, descriptor, 0, signal);
    }
    await checkStatus(response);
    if (start !== undefined) return {response, start};
    await response.discard();
    throw new BadAnswer('registry-invalid-answer', `status ${response.status} for a whole blob`);
  }

  /** A host that is silent, or sends us from one silent host to the next, is given up as a whole. */
  async #send(endpoint: Endpoint, request: RegistryRequest): Promise<HttpResponse> {
    if (!endpoint.hurried) return this.#session.send(endpoint, request);
    const limit = new AbortController();
    const text = `no answer within ${this.#hurryMs / 1000} s`;
    const late = (): void => limit.abort(new NetworkFailure('timeout', endpoint.host, text));
    const stop = afterOwnTime(this.#hurryMs, late);
    try {
      const signal = AbortSignal.any([request.signal, limit.signal]);
      return await this.#session.send(endpoint, {...request, signal, hurried: true});
    } finally {
      stop();
    }
  }
}

/** At which byte of the blob the answer begins; undefined: it has not what follows `offset`. */
function startOf({status, headers}: HttpResponse, offset: number): number | undefined {
  if (status === 200) return 0;
  const [, start] = /^bytes (\d+)-/.exec(headers['content-range'] ?? '') ?? [];
  return status === 206 && start !== undefined && Number(start) <= offset ? Number(start) : undefined;
}

function requestFor(
  endpoint: Endpoint,
  reference: Reference,
  path: string,
  signal: AbortSignal,
): RegistryRequest {
  return {
    path: `/${reference.path}${path}`,
    scope: `repository:${reference.path}:pull`,
    signal,
    ...(endpoint.mirror ? {attemptsMax: mirrorAttemptsMax} : {}),
  };
}

async function checkStatus(response: HttpResponse): Promise<void> {
  const {status} = response;
  if (status === 200 || status === 206) return;
  const detail = await detailOf(response);
  if (status === 404) throw new NotFound(detail);
  throw new BadAnswer('registry-invalid-answer', `status ${status}${detail === '' ? '' : ` (${detail})`}`);
}
