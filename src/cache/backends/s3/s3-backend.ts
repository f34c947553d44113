// type=s3: a bucket of AWS or of anything that speaks its protocol. Objects are named as BuildKit names them,
// `<prefix><blobs_prefix><digest>` and `<prefix><manifests_prefix><name>/<document>`. A blob is signed with its own
// digest, so the service refuses one that was damaged on the way. What is old and still of use when a build writes is
// copied onto itself, as BuildKit does, so that a rule of the bucket that removes what is old keeps it.

import {hash} from 'node:crypto';
import {durationMs} from '../../../config/read-gc.ts';
import type {Descriptor} from '../../../oci/descriptor.ts';
import {hexOf} from '../../../oci/digest.ts';
import {type Slots, slots} from '../../../solver/slots.ts';
import type {HttpRequest, HttpResponse} from '../../../sources/registry/http.ts';
import {systemClock} from '../../../util/clock.ts';
import type {
  BackendDirection,
  BackendFactory,
  BackendPlace,
  BackendServices,
  CacheBackend,
} from '../backend.ts';
import {exchange} from '../exchange.ts';
import {badCacheOption, booleanOption, requiredOption} from '../read-options.ts';
import {type S3Settings, s3Settings} from './credentials.ts';
import {objectUrl} from './object-url.ts';
import {emptyBodyHash, percentEncoded, signedHeaders} from './signature.ts';

const secretOptions = ['access_key_id', 'secret_access_key', 'session_token'];
const documentBytesMax = 4 * 1024 * 1024;
/** One PUT takes no more (S3's "Amazon S3 limits"). */
const blobBytesMax = 5 * 1024 ** 3;

export const s3Backend: BackendFactory = {
  type: 's3',
  options: {
    bucket: 'name of the bucket (default: $AWS_BUCKET)',
    region: 'region of the bucket (default: $AWS_REGION, us-east-1)',
    endpoint_url: 'address of a service other than AWS',
    use_path_style: 'bucket in the path and not in the host name',
    prefix: 'start of all names',
    blobs_prefix: 'start of names of blobs (default: blobs/)',
    manifests_prefix: 'start of names of documents (default: manifests/)',
    name: 'name of the cache, or several with ; between them (default: tsbuild)',
    upload_parallelism: 'how many layers are written at once',
    touch_refresh: 'how old something is when it is renewed (default: 24h)',
    access_key_id: 'key; better in the environment',
    secret_access_key: 'its secret; better in the environment',
    session_token: 'its token; better in the environment',
  },
  create(options, services, direction) {
    return new S3Backend(options, services, direction);
  },
};

class S3Backend implements CacheBackend {
  readonly name: string;
  readonly place: BackendPlace;
  readonly #options: ReadonlyMap<string, string>;
  readonly #services: BackendServices;
  readonly #bucket: string;
  readonly #pathStyle: boolean | undefined;
  readonly #names: readonly string[];
  readonly #direction: BackendDirection;
  /** Infinity: nothing is renewed. */
  readonly #touchMs: number;
  readonly #uploads: Slots;
  #settings: Promise<S3Settings> | undefined;

  constructor(options: ReadonlyMap<string, string>, services: BackendServices, direction: BackendDirection) {
    this.#options = options;
    this.#services = services;
    this.#bucket = requiredOption('s3', options, 'bucket', services.environment['AWS_BUCKET']);
    this.#pathStyle = booleanOption('s3', options, 'use_path_style');
    this.#names = (options.get('name') ?? 'tsbuild').split(';');
    this.#direction = direction;
    const touchMs = refreshMsOf(options);
    this.#touchMs = direction === 'to' ? touchMs : Number.POSITIVE_INFINITY;
    this.#uploads = slots(parallelismOf(options));
    this.name = `s3 ${this.#bucket}`;
    const open = [...options].filter(([key]) => !secretOptions.includes(key));
    this.place = {type: 's3', options: {...Object.fromEntries(open), bucket: this.#bucket}};
  }

  async read(name: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    let found: Uint8Array | undefined;
    for (const cache of this.#names) {
      const key = this.#document(cache, name);
      const response = await this.#send(key, {}, emptyBodyHash, signal);
      // Who reads is content with one of them; who writes asks whether it is in all.
      if (response === undefined && this.#direction === 'to') return undefined;
      if (response === undefined) continue;
      found = await response.bytes(documentBytesMax);
      if (this.#direction === 'from') return found;
      await this.#renew(key, response, signal);
    }
    return found;
  }

  async write(name: string, bytes: Uint8Array, _: readonly Descriptor[], signal: AbortSignal): Promise<void> {
    const bodyHash = hash('sha256', bytes, 'hex');
    for (const cache of this.#names)
      await this.#put(this.#document(cache, name), () => bytes, bytes.length, bodyHash, signal);
  }

  async hasBlob(blob: Descriptor, signal: AbortSignal): Promise<boolean> {
    const response = await this.#send(this.#blob(blob), {method: 'HEAD'}, emptyBodyHash, signal);
    await response?.discard();
    if (response === undefined || Number(response.headers['content-length']) !== blob.size) return false;
    await this.#renew(this.#blob(blob), response, signal);
    return true;
  }

  async *readBlob(blob: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const response = await this.#send(this.#blob(blob), {verified: true}, emptyBodyHash, signal);
    if (response === undefined) throw new Error(`${this.name} has no blob ${blob.digest}`);
    yield* response.body;
  }

  async writeBlob(
    blob: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    if (blob.size > blobBytesMax)
      throw new Error(`a layer of ${blob.size} bytes is too large for one upload`);
    const put = () => this.#put(this.#blob(blob), open, blob.size, hexOf(blob.digest), signal);
    await this.#uploads.run(put, {priority: 0, signal});
  }

  /** Only an object that is old; one that could not be renewed is as good as it was. */
  async #renew(key: string, {headers}: HttpResponse, signal: AbortSignal): Promise<void> {
    const writtenMs = Date.parse(String(headers['last-modified']));
    if (!(systemClock.nowMs() - writtenMs > this.#touchMs)) return;
    const source = `${this.#bucket}/${key}`.split('/').map(percentEncoded).join('/');
    const copied = {
      'content-length': '0',
      'content-type': 'application/octet-stream',
      'x-amz-copy-source': source,
      'x-amz-metadata-directive': 'REPLACE',
    };
    const request = {method: 'PUT', headers: copied} as const;
    const response = await this.#send(key, request, emptyBodyHash, signal).catch(() => undefined);
    signal.throwIfAborted();
    await response?.discard();
  }

  #document(cache: string, name: string): string {
    return `${this.#folder('manifests_prefix', 'manifests/')}${cache}/${name}`;
  }

  #blob(blob: Descriptor): string {
    return `${this.#folder('blobs_prefix', 'blobs/')}${blob.digest}`;
  }

  #folder(key: string, otherwise: string): string {
    return `${this.#options.get('prefix') ?? ''}${this.#options.get(key) ?? otherwise}`;
  }

  async #put(
    key: string,
    body: () => Uint8Array | AsyncIterable<Uint8Array>,
    size: number,
    bodyHash: string,
    signal: AbortSignal,
  ): Promise<void> {
    const headers = {'content-length': String(size), 'content-type': 'application/octet-stream'};
    const response = await this.#send(key, {method: 'PUT', headers, make: body}, bodyHash, signal);
    if (response === undefined) throw new Error(`there is no bucket ${this.#bucket}`);
    await response.discard();
  }

  async #send(
    key: string,
    request: Pick<HttpRequest, 'method' | 'headers' | 'verified'> & {
      readonly make?: () => Uint8Array | AsyncIterable<Uint8Array>;
    },
    bodyHash: string,
    signal: AbortSignal,
  ): Promise<HttpResponse | undefined> {
    this.#settings ??= s3Settings(this.#options, this.#services.environment);
    const settings = await this.#settings;
    const url = objectUrl(settings, {bucket: this.#bucket, pathStyle: this.#pathStyle, key});
    const {make, headers: own = {}, method = 'GET', verified} = request;
    return exchange(await this.#services.http(), signal, () => {
      const {credentials, region} = settings;
      const headers =
        credentials === undefined
          ? own
          : signedHeaders({method, url, headers: own, bodyHash}, credentials, region, systemClock.nowMs());
      return {
        url,
        method,
        headers,
        ...(verified === undefined ? {} : {verified}),
        ...(make === undefined ? {} : {body: make()}),
      };
    });
  }
}

function refreshMsOf(options: ReadonlyMap<string, string>): number {
  const text = options.get('touch_refresh') ?? '24h';
  const ms = durationMs(text);
  if (ms === undefined) throw badCacheOption('s3', `expects touch_refresh=TIME, such as 24h, got "${text}"`);
  return ms;
}

function parallelismOf(options: ReadonlyMap<string, string>): number {
  const text = options.get('upload_parallelism');
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw badCacheOption('s3', `expects upload_parallelism=NUMBER, got "${text}"`);
  return Number(text);
}
