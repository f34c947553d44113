// Writing into one repository of a registry: blobs, which are sent only when the registry has them nowhere, and
// manifests. What may fail for a user's reasons fails as one BuildError that names the repository and the blob.

import type {Digest} from '../../../oci/digest.ts';
import {digestOf} from '../../../oci/digest.ts';
import {mediaTypes} from '../../../oci/media-types.ts';
import type {Endpoint} from '../endpoints.ts';
import {BadAnswer, failureOf, isEndpointFailure, NotFound} from '../failures.ts';
import type {HostSlots} from '../host-slots.ts';
import type {HttpResponse} from '../http.ts';
import {type Pacing, TryLater} from '../retry.ts';
import {AccessDenied, detailOf, type RegistryRequest, type RegistrySession} from '../session.ts';
import {BlobUpload} from './blob-upload.ts';
import type {PushMemory} from './push-memory.ts';

export interface PushBlob {
  readonly digest: Digest;
  readonly size: number;
  /** The bytes from `offset` on: asked again after a break, and never when the registry has the blob already. */
  read(offset: number): AsyncIterable<Uint8Array>;
  /** Brings the bytes here, where they are not: not called when the registry has the blob, or gets it by mounting. */
  prepare?(signal: AbortSignal): Promise<unknown>;
  /** Repositories of the same registry that are known to have it: `library/busybox`. */
  readonly mountFrom?: readonly string[];
}

export interface PushManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** How a blob came to be there. */
export type BlobOutcome = 'present' | 'mounted' | 'uploaded';

export interface RepositoryWriterOptions {
  readonly session: RegistrySession;
  readonly endpoint: Endpoint;
  /** `docker.io`, as in references. */
  readonly domain: string;
  /** `library/busybox` */
  readonly repository: string;
  readonly pacing: Pacing;
  readonly slots: HostSlots;
  readonly memory: PushMemory;
}

const documentBytesMax = 4 * 1024 * 1024;
/** Each costs a request; a wrong one gives a session that can be used all the same. */
const mountsMax = 3;

export class RepositoryWriter {
  readonly #options: RepositoryWriterOptions;

  constructor(options: RepositoryWriterOptions) {
    this.#options = options;
  }

  /** `docker.io/library/busybox` */
  get name(): string {
    return `${this.#options.domain}/${this.#options.repository}`;
  }

  /** Brings a blob into the repository by the shortest way. May be called for many at once. */
  putBlob(blob: PushBlob, signal: AbortSignal, onBytes?: (sent: number) => void): Promise<BlobOutcome> {
    const {slots, memory, domain, repository} = this.#options;
    return this.#failing(`layer ${blob.digest}`, async () => {
      let giveBack = await slots.take(domain, signal);
      // What brings the bytes here may need a slot of the same registry.
      const prepare = async (): Promise<void> => {
        if (blob.prepare === undefined) return;
        giveBack();
        await blob.prepare(signal);
        giveBack = await slots.take(domain, signal);
      };
      try {
        const outcome = await this.#bring(blob, prepare, signal, onBytes);
        memory.sawBlob(domain, repository, blob.digest);
        return outcome;
      } finally {
        giveBack();
      }
    });
  }

  /** Whether the repository has a blob of that digest and size. */
  hasBlob(blob: Pick<PushBlob, 'digest' | 'size'>, signal: AbortSignal): Promise<boolean> {
    return this.#failing(`layer ${blob.digest}`, () => this.#exists(blob, signal));
  }

  /** Puts a manifest or index under a tag or its digest (without `name`); what it refers to must be there. */
  putManifest(manifest: PushManifest, signal: AbortSignal, name?: string): Promise<Digest> {
    const digest = digestOf(manifest.bytes);
    return this.#failing(`manifest ${name ?? digest}`, async () => {
      const answer = await this.#send(
        {
          method: 'PUT',
          path: `/${this.#options.repository}/manifests/${name ?? digest}`,
          headers: {'content-type': manifest.mediaType},
          body: () => manifest.bytes,
          patient: true,
        },
        signal,
      );
      await this.#expect(answer, [201, 200, 202]);
      const told = answer.headers['docker-content-digest'];
      await answer.discard();
      if (told !== undefined && told !== digest) {
        throw new BadAnswer('registry-wrong-digest', `digest ${told} to a manifest of digest ${digest}`);
      }
      return digest;
    });
  }

  /** A small document of the repository, `/manifests/NAME` for instance; undefined where there is none. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#failing(path, async () => {
      const request = {path: `/${this.#options.repository}${path}`, headers: {accept: mediaTypes.index}};
      const answer = await this.#send(request, signal);
      if (answer.status === 404) {
        await answer.discard();
        return undefined;
      }
      await this.#expect(answer, [200]);
      return answer.bytes(documentBytesMax);
    });
  }

  async #bring(
    blob: PushBlob,
    prepare: () => Promise<void>,
    signal: AbortSignal,
    onBytes: ((sent: number) => void) | undefined,
  ): Promise<BlobOutcome> {
    const {memory, domain, repository, pacing} = this.#options;
    const {digest} = blob;
    if (await this.#isKnown(blob, signal)) return 'present';
    const upload = new BlobUpload({
      digest,
      size: blob.size,
      read: (offset) => blob.read(offset),
      start: () => this.#start({}, signal),
      send: (request) => this.#send(request, signal),
      exists: () => this.#isKnown(blob, signal),
      keep: (location) => memory.keepUpload(domain, repository, digest, location),
      pacing,
      signal,
      ...(onBytes === undefined ? {} : {onBytes}),
    });
    const unfinished = memory.unfinishedUpload(domain, repository, digest);
    if (unfinished === undefined || !(await upload.resume(unfinished))) {
      const opened = await this.#mount(blob, signal);
      if (opened === 'mounted') return 'mounted';
      if (opened !== undefined) await upload.opened(opened);
    }
    await prepare();
    await upload.run();
    return 'uploaded';
  }

  /** Asks for the blob out of another repository; gives the upload that was opened where there was none to be had. */
  async #mount(blob: PushBlob, signal: AbortSignal): Promise<'mounted' | HttpResponse | undefined> {
    const {memory, domain, repository} = this.#options;
    const known = [...(blob.mountFrom ?? []), ...memory.repositoriesWith(domain, blob.digest)];
    const others = [...new Set(known)].filter((name) => name !== repository);
    let opened: HttpResponse | undefined;
    for (const from of others.slice(0, mountsMax)) {
      const answer = await this.#start({mount: blob.digest, from}, signal, from).catch((error: unknown) => {
        // No right to read the other repository is no reason to fail.
        if (error instanceof AccessDenied || error instanceof NotFound || error instanceof BadAnswer) {
          return undefined;
        }
        throw error;
      });
      if (answer === undefined) continue;
      if (answer.status === 201) {
        await answer.discard();
        return 'mounted';
      }
      if (opened !== undefined) await this.#cancel(opened, signal);
      opened = answer;
    }
    return opened;
  }

  async #start(
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
    from?: string,
  ): Promise<HttpResponse> {
    const path = `/${this.#options.repository}/blobs/uploads/`;
    const request = {method: 'POST' as const, path, query, headers: {'content-length': '0'}};
    const answer = await this.#send(request, signal, from);
    await this.#expect(answer, from === undefined ? [202] : [201, 202]);
    return answer;
  }

  async #cancel(opened: HttpResponse, signal: AbortSignal): Promise<void> {
    const {location} = opened.headers;
    if (location === undefined || !URL.canParse(location, opened.url.href)) return;
    const request = {method: 'DELETE' as const, path: new URL(location, opened.url), attemptsMax: 1};
    const answer = await this.#send(request, signal).catch(() => undefined);
    signal.throwIfAborted();
    await answer?.discard();
  }

  /**
   * A blob of which the registry cannot tell is sent: docker's answers 500 for ever for one whose entry a full disk has
   * left empty, until the blob is put again.
   */
  #isKnown(blob: Pick<PushBlob, 'digest' | 'size'>, signal: AbortSignal): Promise<boolean> {
    return this.#exists(blob, signal).catch((error: unknown) => {
      if (error instanceof TryLater && error.status === 500) return false;
      throw error;
    });
  }

  async #exists({digest, size}: Pick<PushBlob, 'digest' | 'size'>, signal: AbortSignal): Promise<boolean> {
    const path = `/${this.#options.repository}/blobs/${digest}`;
    const answer = await this.#send({method: 'HEAD', path}, signal);
    await answer.discard();
    const length = answer.headers['content-length'];
    return answer.status === 200 && (length === undefined || Number(length) === size);
  }

  #send(
    request: Omit<RegistryRequest, 'scope' | 'signal'>,
    signal: AbortSignal,
    from?: string,
  ): Promise<HttpResponse> {
    const {session, endpoint, repository} = this.#options;
    const scopes = [`repository:${repository}:pull,push`];
    if (from !== undefined) scopes.push(`repository:${from}:pull`);
    return session.send(endpoint, {...request, scope: scopes.join(' '), signal});
  }

  async #expect(answer: HttpResponse, expected: readonly number[]): Promise<void> {
    if (expected.includes(answer.status)) return;
    const detail = await detailOf(answer);
    if (answer.status === 404) throw new NotFound(detail);
    const said = detail === '' ? '' : ` (${detail})`;
    throw new BadAnswer('registry-invalid-answer', `status ${answer.status}${said}`, answer.url.host);
  }

  async #failing<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const {endpoint} = this.#options;
      throw isEndpointFailure(error) ? failureOf(`${this.name}: ${what}`, [{endpoint, error}]) : error;
    }
  }
}
