// What stands under the very name of a cache in a registry: an image that has records in its config (type=inline), an
// image without any, a cache of BuildKit's, or nothing. Asked once for each build.

import {isBesideImages} from '../../../oci/attestation-marks.ts';
import type {Descriptor} from '../../../oci/descriptor.ts';
import {type DiffId, digestOf, parseDigest} from '../../../oci/digest.ts';
import {cacheMembers} from '../../../oci/image-config.ts';
import type {Manifest} from '../../../oci/manifest.ts';
import {isIndexType, mediaTypes} from '../../../oci/media-types.ts';
import {parseConfig} from '../../../oci/parse-config.ts';
import {type ParsedManifest, parseManifest} from '../../../oci/parse-manifest.ts';
import {manifestName, type Reference} from '../../../oci/reference.ts';
import type {RegistryClient} from '../../../sources/registry/client.ts';
import {acceptedManifests} from '../../../sources/registry/endpoint-reader.ts';
import {type BuildkitCache, readInlineCache} from '../../buildkit/cache-config.ts';
import {cacheManifestOf, readManifestCache} from '../../buildkit/cache-manifest.ts';
import {inlineDocuments} from '../../inline/inline-document.ts';
import {fetchManifest} from './fetch-manifest.ts';

export interface TaggedImage {
  /** Records by the name of their document. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /** What BuildKit wrote, of each platform. */
  readonly buildkit?: readonly BuildkitCache[];
  /** Why there are none, when it is not that there is nothing. */
  readonly remark?: string;
}

/** An image for more platforms than that is not looked through. */
const platformsMax = 16;
const nothing: TaggedImage = {documents: new Map()};

export class ImageReader {
  readonly #client: RegistryClient;
  readonly #reference: Reference;
  readonly #signal: AbortSignal;

  constructor(client: RegistryClient, reference: Reference, signal: AbortSignal) {
    this.#client = client;
    this.#reference = reference;
    this.#signal = signal;
  }

  async read(): Promise<TaggedImage> {
    const root = await this.#manifest(manifestName(this.#reference));
    const cache = root && cacheManifestOf(root);
    if (cache !== undefined) {
      const read = (blob: Descriptor) => this.#client.fetchSmall(this.#reference, blob, this.#signal);
      return {...nothing, buildkit: [await readManifestCache(cache, read)]};
    }
    if (root?.kind === 'index') {
      const {manifests} = root.index;
      const images = manifests
        .filter((entry) => !isIndexType(entry.mediaType) && !isBesideImages(entry))
        .slice(0, platformsMax);
      const found: TaggedImage[] = [];
      for (const {digest} of images) {
        const one = await this.#manifest(digest);
        if (one?.kind === 'manifest') found.push(await this.#image(one.manifest));
      }
      return together(found);
    }
    return root?.kind === 'manifest' ? this.#image(root.manifest) : nothing;
  }

  /** Undefined: there is none. What is no manifest at all is thrown by whoever needs it to be one. */
  async #manifest(name: string): Promise<ParsedManifest | undefined> {
    const found = await fetchManifest(this.#client, this.#reference, name, acceptedManifests, this.#signal);
    if (found === undefined) return undefined;
    const digest = parseDigest(name);
    if (digest !== undefined && digestOf(found.bytes) !== digest)
      throw new Error(`manifest ${name} has other bytes`);
    return parseManifest(found.bytes, found.mediaType);
  }

  async #image({config: descriptor, layers: blobs}: Manifest): Promise<TaggedImage> {
    if (descriptor.mediaType !== mediaTypes.config && descriptor.mediaType !== mediaTypes.dockerConfig) {
      return nothing;
    }
    const bytes = await this.#client.fetchSmall(this.#reference, descriptor, this.#signal);
    const config = parseConfig(bytes);
    if ('problem' in config)
      return {...nothing, remark: `is an image whose config is broken: ${config.problem}`};
    const members = JSON.parse(new TextDecoder().decode(bytes)) as Readonly<Record<string, unknown>>;
    const layers = config.rootfs.diff_ids.flatMap((diffId, index) => {
      const blob = blobs[index];
      return blob === undefined ? [] : [{diffId, blob} satisfies {diffId: DiffId; blob: Descriptor}];
    });
    const documents = inlineDocuments(members[cacheMembers.own], {layers});
    if (documents.size > 0) return {documents};
    const member = members[cacheMembers.buildkit];
    if (member === undefined || member === null) return plain;
    return {...nothing, buildkit: [readInlineCache(descriptor.digest, member, layers)]};
  }
}

const plain: TaggedImage = {
  ...nothing,
  remark:
    'is an image without cache metadata, so nothing of it is used: build it with --cache-to type=inline or ' +
    'BUILDKIT_INLINE_CACHE=1',
};

/** A record with layers is worth more than one that only tells a key. */
function together(images: readonly TaggedImage[]): TaggedImage {
  const documents = new Map<string, Uint8Array>();
  for (const image of images) {
    for (const [name, bytes] of image.documents) {
      const known = documents.get(name);
      if (known === undefined || known.length < bytes.length) documents.set(name, bytes);
    }
  }
  const buildkit = images.flatMap((image) => image.buildkit ?? []);
  const remark = images.find((image) => image.remark !== undefined)?.remark;
  if (buildkit.length > 0) return {documents, buildkit};
  return documents.size > 0 || remark === undefined ? {documents} : {documents, remark};
}
