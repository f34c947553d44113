// What a place that shares cache records must be able to do: keep small documents by name, and blobs by digest. It is
// not trusted (src/cache/cache-imports.ts checks what comes out of it) and may fail at any time: an answer that is not
// the thing asked for is thrown, and only "there is none" is undefined.

import type {Descriptor} from '../../oci/descriptor.ts';
import type {Digest} from '../../oci/digest.ts';
import type {RegistryClient} from '../../sources/registry/client.ts';
import type {HttpClient} from '../../sources/registry/http.ts';
import type {BuildkitCache} from '../buildkit/cache-config.ts';

export interface CacheBackend {
  /** For messages: `s3 bucket/prefix`. */
  readonly name: string;
  /** Where it is, without secrets: what a layer that is only there remembers, to be fetched by a later build. */
  readonly place: BackendPlace;
  /** A document; undefined: there is none of that name. */
  read(name: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * Writes a document, whole or not at all. It speaks of `blobs`, which are there already and must not be collected
   * while it is. Of two writers of one name the later one may win, or the first one stay.
   */
  write(name: string, bytes: Uint8Array, blobs: readonly Descriptor[], signal: AbortSignal): Promise<void>;
  /**
   * A document that is written again and again, as its last writer left it. Undefined methods: `read` and `write` do
   * that.
   */
  readLatest?(name: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  writeLatest?(name: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** What BuildKit has written there, if that is what is there. */
  buildkit?(signal: AbortSignal): Promise<readonly BuildkitCache[]>;
  /** Once documents were read, and none was there: what is there instead, if it looks like a mistake. */
  remark?(): string | undefined;
  hasBlob(blob: Descriptor, signal: AbortSignal): Promise<boolean>;
  /** Unverified bytes. */
  readBlob(blob: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** `open` gives the bytes from the start each time it is called. */
  writeBlob(blob: Descriptor, open: () => AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
}

/** Type and options that open a backend again. */
export interface BackendPlace {
  readonly type: string;
  readonly options: Readonly<Record<string, string>>;
}

/** What backends stand on. */
export interface BackendServices {
  http(): Promise<HttpClient>;
  registry(): Promise<RegistryClient>;
  readonly storedImages: StoredImages;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
}

/** Images of this machine. */
export interface StoredImages {
  /** What a normalised name leads to. */
  rootOf(name: string): Promise<Descriptor | undefined>;
  has(digest: Digest): Promise<boolean>;
  /** Verified bytes of a manifest or config. */
  read(digest: Digest): Promise<Uint8Array>;
}

export type BackendDirection = 'from' | 'to';

export interface BackendFactory {
  readonly type: string;
  /** Options beside those that every cache has, with what they are for. */
  readonly options: Readonly<Record<string, string>>;
  /** Of options that scripts give BuildKit: a sentence for each that has no effect here. */
  idle?(options: ReadonlyMap<string, string>): readonly string[];
  /** Throws BuildError('usage') for options that make no sense; asks nobody yet. */
  create(
    options: ReadonlyMap<string, string>,
    services: BackendServices,
    direction: BackendDirection,
  ): CacheBackend;
}
