// What stands under the very name of a cache, in a registry or in the store of this machine: an image that has records
// in its config (type=inline), an image without any, a cache of BuildKit's, or nothing. Asked once for each build.

import {isBesideImages} from '../../../oci/attestation-marks.ts';
import type {Descriptor} from '../../../oci/descriptor.ts';
import {type DiffId, type Digest, digestOf, parseDigest} from '../../../oci/digest.ts';
import {cacheMembers} from '../../../oci/image-config.ts';
import type {Manifest} from '../../../oci/manifest.ts';
import {isIndexType, mediaTypes} from '../../../oci/media-types.ts';
import {parseConfig} from '../../../oci/parse-config.ts';
import {type ParsedManifest, parseManifest} from '../../../oci/parse-manifest.ts';
import {manifestName, normalisedName, type Reference} from '../../../oci/reference.ts';
import type {RegistryClient} from '../../../sources/registry/client.ts';
import {acceptedManifests} from '../../../sources/registry/endpoint-reader.ts';
import {type BuildkitCache, readInlineCache} from '../../buildkit/cache-config.ts';
import {cacheManifestOf, readManifestCache} from '../../buildkit/cache-manifest.ts';
import {inlineDocuments} from '../../inline/inline-document.ts';
import type {StoredImages} from '../backend.ts';
import {type FetchedManifest, fetchManifest} from './fetch-manifest.ts';

export interface TaggedImage {
  /** Records by the name of their document. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /** What BuildKit wrote, of each platform. */
  readonly buildkit?: readonly BuildkitCache[];
  /** Why there are none, when it is not that there is nothing. */
  readonly remark?: string;
}

/** Where it is read: whatever is named by a digest is verified. */
export interface ImagePlace {
  /** What the name leads to; undefined: there is nothing. */
  root(): Promise<FetchedManifest | undefined>;
  /** Undefined: it is not there, as of other platforms where only one was fetched. */
  manifest(digest: Digest): Promise<FetchedManifest | undefined>;
  read(blob: Descriptor): Promise<Uint8Array>;
}

export function placeInRegistry(
  client: RegistryClient,
  reference: Reference,
  signal: AbortSignal,
): ImagePlace {
  const fetch = async (name: string): Promise<FetchedManifest | undefined> => {
    const found = await fetchManifest(client, reference, name, acceptedManifests, signal);
    const digest = parseDigest(name);
    if (found !== undefined && digest !== undefined && digestOf(found.bytes) !== digest)
      throw new Error(`manifest ${digest} has other bytes`);
    return found;
  };
  return {
    root: () => fetch(manifestName(reference)),
    manifest: (digest) => fetch(digest),
    read: (blob) => client.fetchSmall(reference, blob, signal),
  };
}

/** Undefined: no image of this machine has the name. */
export async function placeInStore(
  images: StoredImages,
  reference: Reference,
): Promise<ImagePlace | undefined> {
  const root = await images.rootOf(normalisedName(reference));
  if (root === undefined) return undefined;
  const {digest, mediaType} = root;
  return {
    root: async () => ({bytes: await images.read(digest), mediaType}),
    manifest: async (child) =>
      (await images.has(child)) ? {bytes: await images.read(child), mediaType: undefined} : undefined,
    read: (blob) => images.read(blob.digest),
  };
}

/** An image for more platforms than that is not looked through. */
const platformsMax = 16;
const nothing: TaggedImage = {documents: new Map()};

export class ImageReader {
  readonly #place: ImagePlace;

  constructor(place: ImagePlace) {
    this.#place = place;
  }

  async read(): Promise<TaggedImage> {
    const root = parsed(await this.#place.root());
    const cache = root && cacheManifestOf(root);
    if (cache !== undefined) {
      return {...nothing, buildkit: [await readManifestCache(cache, (blob) => this.#place.read(blob))]};
    }
    if (root?.kind === 'index') {
      const {manifests} = root.index;
      const images = manifests
        .filter((entry) => !isIndexType(entry.mediaType) && !isBesideImages(entry))
        .slice(0, platformsMax);
      const found: TaggedImage[] = [];
      for (const {digest} of images) {
        const one = parsed(await this.#place.manifest(digest));
        if (one?.kind === 'manifest') found.push(await this.#image(one.manifest));
      }
      return together(found);
    }
    return root?.kind === 'manifest' ? this.#image(root.manifest) : nothing;
  }

  async #image({config: descriptor, layers: blobs}: Manifest): Promise<TaggedImage> {
    if (descriptor.mediaType !== mediaTypes.config && descriptor.mediaType !== mediaTypes.dockerConfig) {
      return nothing;
    }
    const bytes = await this.#place.read(descriptor);
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

/** What is no manifest at all is thrown by whoever needs it to be one. */
function parsed(found: FetchedManifest | undefined): ParsedManifest | undefined {
  return found && parseManifest(found.bytes, found.mediaType);
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
