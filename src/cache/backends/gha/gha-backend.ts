// type=gha: GitHub's cache service, version 2 (Twirp over JSON, `github.actions.results.api.v1.CacheService`), for jobs
// of GitHub Actions. Entries are immutable and visible by branch, which the service itself sees to; the bytes lie in a
// store of blobs whose signed addresses it gives out.

import {hash, randomBytes} from 'node:crypto';
import type {Descriptor} from '../../../oci/descriptor.ts';
import {systemClock} from '../../../util/clock.ts';
import type {BackendFactory, BackendPlace, BackendServices, CacheBackend} from '../backend.ts';
import {exchange} from '../exchange.ts';
import {badCacheOption, requiredOption} from '../read-options.ts';

const service = 'twirp/github.actions.results.api.v1.CacheService';
/** Entries of another version are never found: it stands for the meaning of what we write. */
const entryVersion = hash('sha256', 'tsbuild cache entry 1', 'hex');
const answerBytesMax = 1024 * 1024;
const documentBytesMax = 4 * 1024 * 1024;

export const ghaBackend: BackendFactory = {
  type: 'gha',
  options: {
    scope: 'name of the cache (default: tsbuild)',
    url_v2: 'address of the service (default: $ACTIONS_RESULTS_URL)',
    token: 'token of the job (default: $ACTIONS_RUNTIME_TOKEN)',
    version: 'version of the service: 2',
    url: 'address of version 1 of the service, which is gone; one of version 2 is understood',
    repository: 'without effect',
    ghtoken: 'without effect',
  },
  idle(options) {
    const unused = ['repository', 'ghtoken'].filter((key) => options.has(key)).map((key) => `${key}=`);
    const isOld = options.has('url') && laterUrlOf(options) === undefined;
    return [
      ...(unused.length === 0
        ? []
        : [`does not use ${unused.join(' and ')}: the service itself is asked which entries there are`]),
      ...(isOld
        ? ['does not use url=, the address of version 1 of the service: url_v2= is that of version 2']
        : []),
    ];
  },
  create(options, services) {
    const version = options.get('version') ?? '2';
    if (version !== '2') {
      const hint = 'GitHub has switched version 1 off';
      throw badCacheOption('gha', `speaks version 2 of the service only, got version=${version}`, hint);
    }
    return new GhaBackend(options, services);
  },
};

/** The two versions once were told apart by their hosts, so that `url=` may be the address of either (BuildKit). */
function laterUrlOf(options: ReadonlyMap<string, string>): string | undefined {
  const url = options.get('url');
  return url?.includes('results-receiver.actions.githubusercontent.com') ? url : undefined;
}

interface Answer {
  readonly ok?: unknown;
  readonly signed_download_url?: unknown;
  readonly signed_upload_url?: unknown;
}

class GhaBackend implements CacheBackend {
  readonly name: string;
  readonly place: BackendPlace;
  readonly #services: BackendServices;
  readonly #scope: string;
  readonly #url: string;
  readonly #token: string;

  constructor(options: ReadonlyMap<string, string>, services: BackendServices) {
    const {environment} = services;
    this.#services = services;
    this.#scope = options.get('scope') ?? 'tsbuild';
    this.#url = requiredOption(
      'gha',
      options,
      'url_v2',
      laterUrlOf(options) ?? environment['ACTIONS_RESULTS_URL'],
    );
    this.#token = requiredOption('gha', options, 'token', environment['ACTIONS_RUNTIME_TOKEN']);
    this.name = `gha ${this.#scope}`;
    this.place = {type: 'gha', options: {scope: this.#scope}};
  }

  async read(name: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const url = await this.#find(this.#document(name), signal);
    if (url === undefined) return undefined;
    const response = await exchange(await this.#services.http(), signal, () => ({url}));
    return response?.bytes(documentBytesMax);
  }

  async write(name: string, bytes: Uint8Array, _: readonly Descriptor[], signal: AbortSignal): Promise<void> {
    await this.#create(this.#document(name), bytes.length, () => bytes, signal);
  }

  /** Entries do not change: each writing makes one, and the newest whose key begins so is found. */
  async readLatest(name: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const prefix = `tsbuild-${name}-`;
    const url = await this.#find(`${prefix}none`, signal, [prefix]);
    const response =
      url === undefined ? undefined : await exchange(await this.#services.http(), signal, () => ({url}));
    return response?.bytes(documentBytesMax);
  }

  async writeLatest(name: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const key = `tsbuild-${name}-${Math.round(systemClock.nowMs())}-${randomBytes(4).toString('hex')}`;
    await this.#create(key, bytes.length, () => bytes, signal);
  }

  async hasBlob(blob: Descriptor, signal: AbortSignal): Promise<boolean> {
    return (await this.#find(blobKey(blob), signal)) !== undefined;
  }

  async *readBlob(blob: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const url = await this.#find(blobKey(blob), signal);
    const response =
      url === undefined
        ? undefined
        : await exchange(await this.#services.http(), signal, () => ({url, verified: true}));
    if (response === undefined) throw new Error(`${this.name} has no blob ${blob.digest}`);
    yield* response.body;
  }

  async writeBlob(
    blob: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#create(blobKey(blob), blob.size, open, signal);
  }

  #document(name: string): string {
    return `tsbuild-${this.#scope}-${name}`;
  }

  async #find(key: string, signal: AbortSignal, prefixes: readonly string[] = []): Promise<URL | undefined> {
    const message = {key, restore_keys: prefixes};
    const answer = await this.#call('GetCacheEntryDownloadURL', message, signal);
    return answer?.ok === true && typeof answer.signed_download_url === 'string'
      ? new URL(answer.signed_download_url)
      : undefined;
  }

  async #create(
    key: string,
    size: number,
    body: () => Uint8Array | AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const made = await this.#call('CreateCacheEntry', {key}, signal);
    // Somebody else has it already, or is writing it.
    if (made?.ok !== true || typeof made.signed_upload_url !== 'string') return;
    const url = new URL(made.signed_upload_url);
    const headers = {
      'content-length': String(size),
      'content-type': 'application/octet-stream',
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-version': '2020-10-02',
      'x-ms-date': new Date(systemClock.nowMs()).toUTCString(),
    };
    const put = await exchange(await this.#services.http(), signal, () => {
      return {url, method: 'PUT', headers, body: body()};
    });
    await put?.discard();
    if (put === undefined) throw new Error(`${url.host} does not know the address it gave out`);
    const done = await this.#call('FinalizeCacheEntryUpload', {key, size_bytes: size}, signal);
    if (done?.ok !== true) throw new Error(`${this.name} did not take entry ${key}`);
  }

  /** Undefined when the service has no such entry, or has it already. */
  async #call(method: string, message: object, signal: AbortSignal): Promise<Answer | undefined> {
    const url = new URL(`${service}/${method}`, this.#url.replace(/\/?$/, '/'));
    const body = JSON.stringify({...message, version: entryVersion});
    const headers = {authorization: `Bearer ${this.#token}`, 'content-type': 'application/json'};
    const response = await exchange(
      await this.#services.http(),
      signal,
      () => ({url, method: 'POST', headers, body}),
      [409],
    );
    if (response === undefined) return undefined;
    const answer: unknown = JSON.parse(new TextDecoder().decode(await response.bytes(answerBytesMax)));
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  }
}

function blobKey(blob: Descriptor): string {
  return `tsbuild-blob-${blob.digest}`;
}
