// Images in registries (OCI distribution-spec 1.1): names to manifests, descriptors to verified bytes. A host is
// asked as the configuration says, mirrors first. Every failure that a user can meet is one BuildError; see
// failures.ts.

import type {Config} from '../../config/config.ts';
import {buildError} from '../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {type Digest, parseDigest} from '../../oci/digest.ts';
import type {Platform} from '../../oci/platform.ts';
import {
  defaultDomain,
  isReferenceProblem,
  manifestName,
  normalisedName,
  parseReference,
  type Reference,
  repositoryName,
} from '../../oci/reference.ts';
import {assert} from '../../util/assert.ts';
import type {Clock} from '../../util/clock.ts';
import {Authenticator} from './authenticator.ts';
import {type BlobAnswer, type BlobKeeper, downloadBlob} from './blob-download.ts';
import {type CredentialSource, userCredentials} from './docker-credentials.ts';
import {EndpointReader} from './endpoint-reader.ts';
import {type Endpoint, endpointsOf} from './endpoints.ts';
import {type EndpointFailure, failureOf, isEndpointFailure, passedOver} from './failures.ts';
import {HostSlots} from './host-slots.ts';
import {defaultTimeouts, HttpClient, type HttpResponse, type HttpTimeouts} from './http.ts';
import {listPages} from './list-pages.ts';
import {NetworkFailure} from './network-failure.ts';
import {noPushMemory, type PushMemory} from './push/push-memory.ts';
import {RepositoryWriter} from './push/repository-writer.ts';
import {type FetchedManifest, type ResolvedImage, resolveImage} from './resolve-image.ts';
import {type Pacing, realPacing, TryLater} from './retry.ts';
import {type FoundRepository, searchRegistry} from './search.ts';
import {type RegistryRequest, RegistrySession} from './session.ts';

export interface RegistryClientOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Pauses and chance of retries; tests have their own. */
  readonly pacing?: Partial<Pacing>;
  readonly timeouts?: Partial<HttpTimeouts>;
  readonly credentials?: CredentialSource;
  /** Manifests that are here already: a tag is then only asked for its digest, a digest not at all. */
  readonly known?: (digest: Digest) => Promise<Uint8Array | undefined>;
  /** What pushes remember of each other. */
  readonly memory?: PushMemory;
  /** Told of each mirror that does not answer, once, when another host did. */
  readonly warn?: (warning: Diagnostic) => void;
}

/** Where Docker Hub keeps the search of docker's old index. */
const indexHost = 'index.docker.io';
const smallBlobBytesMax = 16 * 1024 * 1024;
/** As BuildKit's default. */
const blobsPerRegistryMax = 4;
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #http: HttpClient;
  readonly #session: RegistrySession;
  readonly #reader: EndpointReader;
  readonly #pacing: Pacing;
  readonly #slots = new HostSlots(blobsPerRegistryMax);
  /** Mirrors that did not answer; asked no more. */
  readonly #deadMirrors = new Map<string, NetworkFailure>();
  /** Mirrors that are slow, and better than nothing. */
  readonly #slowMirrors = new Set<string>();
  readonly #warned = new Set<string>();

  constructor(options: RegistryClientOptions) {
    const {environment, clock, timeouts} = options;
    this.#options = options;
    this.#pacing = {
      ...realPacing,
      ...(clock === undefined ? {} : {nowMs: () => clock.nowMs()}),
      ...options.pacing,
    };
    this.#http = new HttpClient({environment, ...(timeouts === undefined ? {} : {timeouts})});
    const credentials = options.credentials ?? userCredentials(environment);
    this.#session = new RegistrySession(
      this.#http,
      new Authenticator(this.#http, credentials, this.#pacing),
      this.#pacing,
    );
    this.#reader = new EndpointReader(this.#session, timeouts?.hurryMs ?? defaultTimeouts.hurryMs);
  }

  /** The manifest of `platform` behind a name. Throws BuildError; see resolve-image.ts for which platform is taken. */
  async resolve(
    reference: string | Reference,
    platform: Platform,
    signal: AbortSignal,
  ): Promise<ResolvedImage> {
    const parsed = referenceOf(reference);
    const what = normalisedName(parsed);
    try {
      return await resolveImage(what, manifestName(parsed), platform, {
        manifest: (name) => this.#manifest(parsed, name, signal),
        small: (descriptor) => this.fetchSmall(parsed, descriptor, signal),
      });
    } catch (error) {
      throw this.#asFailure(what, parsed, error);
    }
  }

  /**
   * The bytes of a layer as they come; their size and digest hold when the iteration ends without an error. May be
   * called for many blobs at once; a blob whose iteration has begun takes one of the registry's four slots until it
   * ends. With `into`, only what that does not have yet.
   */
  async *fetchBlob(
    reference: string | Reference,
    descriptor: Descriptor,
    signal: AbortSignal,
    into?: BlobKeeper,
  ): AsyncGenerator<Uint8Array> {
    const parsed = referenceOf(reference);
    const what = `${normalisedName(parsed)}: layer ${descriptor.digest}`;
    const giveBack = await this.#slots.take(parsed.domain, signal);
    let giver: Endpoint | undefined;
    try {
      yield* downloadBlob({
        descriptor,
        signal,
        pacing: this.#pacing,
        request: (offset) =>
          this.#overEndpoints(parsed, what, signal, (endpoint): Promise<BlobAnswer> => {
            giver = endpoint;
            return this.#reader.blob(endpoint, parsed, descriptor, offset, signal);
          }),
        onBroken: (error) => {
          if (giver?.hurried && error.kind === 'timeout') this.#deadMirrors.set(giver.host, error);
        },
        into,
      });
      // What is built on it and pushed back there takes it from here.
      this.#options.memory?.sawBlob(parsed.domain, parsed.path, descriptor.digest);
    } catch (error) {
      throw this.#asFailure(what, parsed, error);
    } finally {
      giveBack();
    }
  }

  /** The bytes of a small blob, such as a config; verified. */
  async fetchSmall(
    reference: string | Reference,
    descriptor: Descriptor,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const parsed = referenceOf(reference);
    const what = `${normalisedName(parsed)}: blob ${descriptor.digest}`;
    if (descriptor.size > smallBlobBytesMax) {
      const text = `${what} has ${descriptor.size} bytes, more than the ${smallBlobBytesMax} a config may have`;
      throw buildError('environment', 'registry-too-large', text);
    }
    const known = await this.#options.known?.(descriptor.digest);
    if (known !== undefined) return known;
    return this.#overEndpoints(parsed, what, signal, async (endpoint) => {
      const pieces: Uint8Array[] = [];
      const download = downloadBlob({
        descriptor,
        signal,
        pacing: this.#pacing,
        request: (offset) => this.#reader.blob(endpoint, parsed, descriptor, offset, signal),
      });
      for await (const piece of download) pieces.push(piece);
      return Buffer.concat(pieces);
    });
  }

  /** The repository of a reference for writing: the registry itself, mirrors aside. */
  writer(reference: string | Reference, {insecure = false}: {insecure?: boolean} = {}): RepositoryWriter {
    const parsed = referenceOf(reference);
    const {domain, path: repository} = parsed;
    return new RepositoryWriter({
      session: this.#session,
      endpoint: this.#own(parsed, insecure),
      domain,
      repository,
      pacing: this.#pacing,
      slots: this.#slots,
      memory: this.#options.memory ?? noPushMemory,
    });
  }

  /** A manifest or index by the reference, or else by `digest`, as the registry itself has it; verified, not parsed. */
  async manifest(
    reference: string | Reference,
    digest: Digest | undefined,
    signal: AbortSignal,
  ): Promise<FetchedManifest> {
    const parsed = referenceOf(reference);
    const {tag: _, ...repository} = parsed;
    const what = digest === undefined ? parsed : {...repository, digest};
    try {
      return await this.#reader.manifest(this.#own(parsed), what, manifestName(what), signal);
    } catch (error) {
      throw this.#asFailure(normalisedName(what), parsed, error);
    }
  }

  /** The tags of a repository, as the registry itself lists them. */
  async tags(reference: string | Reference, signal: AbortSignal): Promise<readonly string[]> {
    const parsed = referenceOf(reference);
    const scope = `repository:${parsed.path}:pull`;
    try {
      const first = `/${parsed.path}/tags/list?n=1000`;
      return await listPages(first, 'tags', (path) => this.send(parsed, {path, scope, signal}));
    } catch (error) {
      throw this.#asFailure(repositoryName(parsed), parsed, error);
    }
  }

  /** Repositories of a registry whose name or description has `term`. */
  async search(
    domain: string,
    {term, limit}: {readonly term: string; readonly limit: number},
    signal: AbortSignal,
  ): Promise<readonly FoundRepository[]> {
    const place = {domain, path: ''};
    const own = this.#own(place);
    const isIndex = domain === defaultDomain;
    const index = {...own, root: '/v1', ...(isIndex ? {host: indexHost} : {})};
    try {
      return await searchRegistry(term, limit, {
        host: own.host,
        isIndex,
        index: (query) => this.#session.send(index, {path: '/search', query, scope: '', signal}),
        catalog: (path) => this.#session.send(own, {path, scope: 'registry:catalog:*', signal}),
      });
    } catch (error) {
      throw this.#asFailure(`search in ${domain}`, place, error);
    }
  }

  /** Any request to the registry of a reference itself, mirrors aside. */
  async send(
    reference: string | Reference,
    request: RegistryRequest,
    {insecure = false}: {insecure?: boolean} = {},
  ): Promise<HttpResponse> {
    const parsed = referenceOf(reference);
    try {
      return await this.#session.send(this.#own(parsed, insecure), request);
    } catch (error) {
      const isRegistry = parsed.path === '';
      throw this.#asFailure(isRegistry ? parsed.domain : normalisedName(parsed), parsed, error);
    }
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #manifest(reference: Reference, name: string, signal: AbortSignal): Promise<FetchedManifest> {
    const digest = parseDigest(name);
    const known = digest === undefined ? undefined : await this.#options.known?.(digest);
    if (digest !== undefined && known !== undefined) return {digest, bytes: known};
    return this.#overEndpoints(reference, normalisedName(reference), signal, async (endpoint) => {
      const {known: lookup} = this.#options;
      if (digest !== undefined || lookup === undefined) {
        return this.#reader.manifest(endpoint, reference, name, signal);
      }
      const told = await this.#reader.tagDigest(endpoint, reference, name, signal);
      const bytes = told === undefined ? undefined : await lookup(told);
      return told !== undefined && bytes !== undefined
        ? {digest: told, bytes}
        : this.#reader.manifest(endpoint, reference, told ?? name, signal);
    });
  }

  /**
   * Does `work` with the first endpoint that can. One with another behind it gets little time; when all others are no
   * help, it gets all that there is.
   */
  async #overEndpoints<T>(
    reference: Reference,
    what: string,
    signal: AbortSignal,
    work: (endpoint: Endpoint) => Promise<T>,
  ): Promise<T> {
    const failures: EndpointFailure[] = [];
    const attempt = async (endpoint: Endpoint): Promise<{readonly result: T} | undefined> => {
      try {
        return {result: await work(endpoint)};
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!isEndpointFailure(error)) throw error;
        if (endpoint.mirror && error instanceof NetworkFailure) this.#deadMirrors.set(endpoint.host, error);
        failures.push({endpoint, error});
        return undefined;
      }
    };
    for (const endpoint of endpointsOf(reference.domain, this.#options.config)) {
      const dead = endpoint.mirror ? this.#deadMirrors.get(endpoint.host) : undefined;
      if (dead !== undefined) {
        failures.push({endpoint, error: dead});
        continue;
      }
      const isSlow = endpoint.mirror && this.#slowMirrors.has(endpoint.host);
      const done = await attempt(isSlow ? {...endpoint, hurried: false} : endpoint);
      if (done === undefined) continue;
      for (const failure of failures) this.#warnOf(failure, endpoint);
      return done.result;
    }
    const [first, ...rest] = failures;
    assert(first !== undefined, 'a registry has at least one endpoint');
    const own = failures.at(-1)?.error;
    if (own instanceof NetworkFailure || own instanceof TryLater) {
      for (const {endpoint, error} of [first, ...rest]) {
        if (!endpoint.hurried || !(error instanceof NetworkFailure) || error.kind !== 'timeout') continue;
        this.#slowMirrors.add(endpoint.host);
        this.#deadMirrors.delete(endpoint.host);
        const done = await attempt({...endpoint, hurried: false});
        if (done !== undefined) return done.result;
      }
    }
    throw failureOf(what, [first, ...rest]);
  }

  #warnOf({endpoint, error}: EndpointFailure, instead: Endpoint): void {
    if (!(error instanceof NetworkFailure) || this.#warned.has(endpoint.host)) return;
    this.#warned.add(endpoint.host);
    this.#options.warn?.(passedOver(endpoint, error, instead));
  }

  /** The registry without its mirrors. */
  #own({domain}: Reference, insecure = false): Endpoint {
    const own = endpointsOf(domain, this.#options.config).at(-1);
    assert(own !== undefined, 'a registry is its own last endpoint');
    return insecure ? {...own, schemes: ['https', 'http'], tls: {...own.tls, insecure: true}} : own;
  }

  #asFailure(what: string, reference: Reference, error: unknown): unknown {
    const endpoint = this.#own(reference);
    return isEndpointFailure(error) ? failureOf(what, [{endpoint, error}]) : error;
  }
}

function referenceOf(reference: string | Reference): Reference {
  if (typeof reference !== 'string') return reference;
  const parsed = parseReference(reference);
  if (!isReferenceProblem(parsed)) return parsed;
  throw buildError('user', 'registry-invalid-reference', `"${reference}": ${parsed.problem}`);
}
