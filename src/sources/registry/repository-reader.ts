// A repository as it is, for whoever verifies or adds to what is there: its registry itself and no mirror, nothing
// believed because it was here before, and no digest checked, so that the caller can tell what is wrong.

import {buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {type Digest, digestOf} from '../../oci/digest.ts';
import {mediaTypes} from '../../oci/media-types.ts';
import {type Reference, repositoryName} from '../../oci/reference.ts';
import type {RegistryClient} from './client.ts';
import {acceptedManifests} from './endpoint-reader.ts';
import type {HttpResponse} from './http.ts';
import {referrersIn, referrersTag} from './push/referrers.ts';
import {detailOf} from './session.ts';

export interface FoundManifest {
  /** Of the bytes. */
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  /** As the registry calls it. */
  readonly mediaType: string;
}

const smallBytesMax = 4 * 1024 * 1024;

export class RepositoryReader {
  readonly #client: RegistryClient;
  readonly #reference: Reference;
  readonly #signal: AbortSignal;
  readonly #options: {readonly insecure?: boolean};

  constructor(
    client: RegistryClient,
    reference: Reference,
    signal: AbortSignal,
    options: {readonly insecure?: boolean} = {},
  ) {
    this.#client = client;
    this.#reference = reference;
    this.#signal = signal;
    this.#options = options;
  }

  /** By tag or digest; undefined when there is none. */
  async manifest(name: string): Promise<FoundManifest | undefined> {
    const response = await this.#get(`/manifests/${name}`, {accept: acceptedManifests});
    if (response === undefined) return undefined;
    const bytes = await response.bytes(smallBytesMax);
    const told = response.headers['content-type']?.split(';')[0]?.trim() ?? '';
    return {digest: digestOf(bytes), bytes, mediaType: told === '' ? mediaTypes.manifest : told};
  }

  /** The bytes of a blob as they come. */
  async blob({digest}: Descriptor): Promise<AsyncIterable<Uint8Array> | undefined> {
    // Compressed on the way, a body would have other bytes than its digest.
    return (await this.#get(`/blobs/${digest}`, {'accept-encoding': 'identity'}))?.body;
  }

  /** A blob in one piece. */
  async whole({digest}: Descriptor, bytesMax = smallBytesMax): Promise<Uint8Array | undefined> {
    return (await this.#get(`/blobs/${digest}`, {}))?.bytes(bytesMax);
  }

  /** What has the manifest as its subject: as the registry lists it, or else as those who pushed it did. */
  async referrers(subject: Digest): Promise<readonly Descriptor[]> {
    const listed = await this.#get(`/referrers/${subject}`, {accept: mediaTypes.index});
    if (listed !== undefined) return referrersIn(await listed.bytes(smallBytesMax));
    const kept = await this.manifest(referrersTag(subject));
    return kept === undefined ? [] : referrersIn(kept.bytes);
  }

  async #get(path: string, headers: Readonly<Record<string, string>>): Promise<HttpResponse | undefined> {
    const {path: repository} = this.#reference;
    const request = {
      path: `/${repository}${path}`,
      headers,
      scope: `repository:${repository}:pull`,
      signal: this.#signal,
      // A tag and a list are what they are told to be; only a blob has a digest that whoever asks compares.
      verified: path.startsWith('/blobs/'),
    };
    const response = await this.#client.send(this.#reference, request, this.#options);
    if (response.status === 200) return response;
    const detail = await detailOf(response);
    if (response.status === 404) return undefined;
    const text = `${repositoryName(this.#reference)}: status ${response.status} for ${path} ${detail}`;
    throw buildError('environment', 'registry-invalid-answer', text.trim());
  }
}
