// type=registry: a repository. What stands under the reference itself is read first, and before that an image of this
// machine that has the name: images may have records in their configs. A document is a manifest of its own, under the
// tag `<tag of ref>-<document>`; it lists the layers, so that no registry collects them while it is there; its text is
// an annotation, so that reading it is one request. Writers of different documents never touch the same tag
// (docs/adr/0014).

import type {Descriptor} from '../../../oci/descriptor.ts';
import {digestOf} from '../../../oci/digest.ts';
import {mediaTypes} from '../../../oci/media-types.ts';
import {isReferenceProblem, parseReference, type Reference} from '../../../oci/reference.ts';
import {blobInMemory} from '../../../sources/registry/push/stored-blob.ts';
import {realPacing, retrying, TryLater} from '../../../sources/registry/retry.ts';
import {after} from '../../../util/after.ts';
import {canonicalJson} from '../../../util/canonical-json.ts';
import type {BuildkitCache} from '../../buildkit/cache-config.ts';
import type {BackendFactory, BackendPlace, BackendServices, CacheBackend} from '../backend.ts';
import {badCacheOption, requiredOption} from '../read-options.ts';
import {fetchManifest} from './fetch-manifest.ts';
import {ImageReader, placeInRegistry, placeInStore, type TaggedImage} from './tagged-image.ts';

const artifactType = 'application/vnd.tsbuild.cache.record.v1';
const annotation = 'org.tsbuild.cache.record';
const emptyJson = Buffer.from('{}');
/** The config of a manifest that is no image (image-spec manifest.md, "Guidance for an Empty Descriptor"). */
const emptyConfig: Descriptor = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  digest: digestOf(emptyJson),
  size: emptyJson.length,
};
const putsMax = 4;
/** How long a registry may take that is asked although the image is here: docker would not ask it. */
const secondPatienceMs = 5_000;
const tagLengthMax = 128 - '-r-'.length - 64;

export const registryBackend: BackendFactory = {
  type: 'registry',
  options: {ref: 'repository, and a tag that the cache is named after'},
  create(options, services, direction) {
    const ref = requiredOption('registry', options, 'ref');
    const reference = parseReference(ref);
    if (isReferenceProblem(reference)) throw badCacheOption('registry', `ref=${ref}: ${reference.problem}`);
    const tag = reference.tag ?? 'latest';
    if (tag.length > tagLengthMax) {
      throw badCacheOption('registry', `ref=${ref}: the tag has more than ${tagLengthMax} characters`);
    }
    return new RegistryBackend(reference, tag, services, direction === 'from');
  },
};

class RegistryBackend implements CacheBackend {
  readonly name: string;
  readonly place: BackendPlace;
  readonly #reference: Reference;
  readonly #tag: string;
  readonly #services: BackendServices;
  readonly #readsImage: boolean;
  #stored: Promise<TaggedImage | undefined> | undefined;
  #image: Promise<TaggedImage> | undefined;
  /** The image is here, and the registry does not answer: the name may mean nothing there. */
  #isAlone = false;
  /** The registry has a cache of that name: it is no longer asked on the off chance. */
  #isKnownThere = false;
  #remark: string | undefined;
  #config: Promise<unknown> | undefined;

  constructor(reference: Reference, tag: string, services: BackendServices, readsImage: boolean) {
    const ref = `${reference.domain}/${reference.path}:${tag}`;
    this.#reference = reference;
    this.#tag = tag;
    this.#services = services;
    this.#readsImage = readsImage;
    this.name = `registry ${ref}`;
    this.place = {type: 'registry', options: {ref}};
  }

  async read(name: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (!this.#readsImage) return this.readLatest(name, signal);
    const stored = await this.#storedImage();
    this.#remark ??= stored?.remark;
    const inline = stored?.documents.get(name);
    if (inline !== undefined) return inline;
    return this.#asSecond(stored, signal, async (limited) => {
      const image = await this.#tagged(limited);
      this.#remark = image.remark ?? this.#remark;
      const found = image.documents.get(name) ?? (await this.readLatest(name, limited));
      this.#isKnownThere ||= found !== undefined;
      return found;
    });
  }

  async buildkit(signal: AbortSignal): Promise<readonly BuildkitCache[]> {
    if (!this.#readsImage) return [];
    const stored = await this.#storedImage();
    const tagged = await this.#asSecond(stored, signal, (limited) => this.#tagged(limited));
    return [...(stored?.buildkit ?? []), ...(tagged?.buildkit ?? [])];
  }

  #storedImage(): Promise<TaggedImage | undefined> {
    this.#stored ??= placeInStore(this.#services.storedImages, this.#reference)
      .then(async (place) => place && new ImageReader(place).read())
      // What is not whole here is as good as not here.
      .catch(() => undefined);
    return this.#stored;
  }

  /** Asks the registry; where the image is here and a cache of its name never was there, failures are not told. */
  async #asSecond<T>(
    stored: TaggedImage | undefined,
    signal: AbortSignal,
    ask: (limited: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    if (stored === undefined || this.#isKnownThere) return ask(signal);
    if (this.#isAlone) return undefined;
    try {
      return await ask(AbortSignal.any([signal, AbortSignal.timeout(secondPatienceMs)]));
    } catch {
      signal.throwIfAborted();
      this.#isAlone = true;
      return undefined;
    }
  }

  async #tagged(signal: AbortSignal): Promise<TaggedImage> {
    const client = await this.#services.registry();
    this.#image ??= new ImageReader(placeInRegistry(client, this.#reference, signal)).read();
    return this.#image;
  }

  /** Of a manifest of its own: images have records only, and no cache mounts. */
  async readLatest(name: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const client = await this.#services.registry();
    const tag = `${this.#tag}-${name}`;
    const found = await fetchManifest(client, this.#reference, tag, mediaTypes.manifest, signal);
    if (found === undefined) return undefined;
    const json: unknown = JSON.parse(new TextDecoder().decode(found.bytes));
    const text = (json as {annotations?: Record<string, unknown>} | null)?.annotations?.[annotation];
    if (typeof text !== 'string') throw new Error(`tag ${tag} is no cache record`);
    return Buffer.from(text);
  }

  remark(): string | undefined {
    return this.#remark;
  }

  async write(
    name: string,
    bytes: Uint8Array,
    blobs: readonly Descriptor[],
    signal: AbortSignal,
  ): Promise<void> {
    const writer = (await this.#services.registry()).writer(this.#reference);
    this.#config ??= writer.putBlob(blobInMemory(emptyJson), signal);
    await this.#config;
    const layers = new Map([emptyConfig, ...blobs].map((blob) => [blob.digest, blob]));
    if (blobs.length > 0) layers.delete(emptyConfig.digest);
    const manifest = canonicalJson({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType,
      config: plain(emptyConfig),
      layers: [...layers.values()].map(plain),
      annotations: {[annotation]: new TextDecoder().decode(bytes)},
    });
    const pushed = {mediaType: mediaTypes.manifest, bytes: Buffer.from(manifest)};
    // While others write the same blob, docker-registry now and then reads its link half written, and does not know it.
    await retrying({pacing: realPacing, signal, attemptsMax: putsMax}, () =>
      writer.putManifest(pushed, signal, `${this.#tag}-${name}`).catch((error: unknown) => {
        if (error instanceof Error && /blob unknown/i.test(error.message))
          throw new TryLater(400, undefined, error.message);
        throw error;
      }),
    );
  }

  async hasBlob(blob: Descriptor, signal: AbortSignal): Promise<boolean> {
    return (await this.#services.registry()).writer(this.#reference).hasBlob(blob, signal);
  }

  async *readBlob(blob: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const client = await this.#services.registry();
    yield* client.fetchBlob(this.#reference, blob, signal);
  }

  async writeBlob(
    blob: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const read = (offset: number): AsyncIterable<Uint8Array> => after(open(), offset);
    const writer = (await this.#services.registry()).writer(this.#reference);
    await writer.putBlob({digest: blob.digest, size: blob.size, read}, signal);
  }
}

function plain({mediaType, digest, size}: Descriptor): {mediaType: string; digest: string; size: number} {
  return {mediaType, digest, size};
}
