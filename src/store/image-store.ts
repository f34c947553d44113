// The local image store: names → manifests, or indexes of them for several platforms. Their blobs are in the store.

import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {isBesideImages} from '../oci/attestation-marks.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import {type Digest, hexOf} from '../oci/digest.ts';
import type {ImageConfig} from '../oci/image-config.ts';
import type {ImageIndex, Manifest} from '../oci/manifest.ts';
import {isIndexType} from '../oci/media-types.ts';
import {parseConfig} from '../oci/parse-config.ts';
import {bestOffer, hostPlatform, type Platform} from '../oci/platform.ts';
import type {Database} from './database.ts';
import {openStateDirectory} from './state-directory.ts';

export interface StoredImage {
  /** Normalised, `docker.io/library/app:latest`; `<none>@sha256:…` for an image built without a name. */
  readonly name: string;
  /** What the name leads to: a manifest, or an index. */
  readonly root: Descriptor;
  readonly createdAtMs: number;
}

/** One image of a name, of which an index has several. */
export interface ImageDetails extends StoredImage {
  readonly manifest: Descriptor;
  readonly config: ImageConfig;
  readonly configDigest: Digest;
  readonly content: Manifest;
  readonly platform: Platform;
  /** Sum of the compressed layers, config and manifest. */
  readonly sizeBytes: number;
}

export interface ImageStore extends Disposable {
  /** The images of one index are neighbours. */
  list(): Promise<readonly ImageDetails[]>;
  /**
   * By normalised name, or by (a prefix of) a digest: of a config, a manifest or an index. Of an index the image that
   * runs on this machine, if there is one.
   */
  get(nameOrId: string): Promise<ImageDetails | undefined>;
  /** What a normalised name leads to; reads no blob. */
  rootOf(name: string): Descriptor | undefined;
  tag(name: string, root: Descriptor, createdAtMs: number): void;
  /** Forgets the name; blobs stay until they are collected. False when there was none. */
  untag(name: string): boolean;
  readBlob(digest: Digest): Promise<Uint8Array>;
}

/** Opens the image store of the state directory at `root`. */
export function openImageStore(root: string): ImageStore {
  const state = openStateDirectory(root);
  const store = imageStoreOf(state.database, root);
  return {...store, [Symbol.dispose]: () => state[Symbol.dispose]()};
}

export function imageStoreOf(database: Database, root: string): Omit<ImageStore, typeof Symbol.dispose> {
  const readBlob = (digest: Digest): Promise<Buffer> => readFile(join(root, 'blobs/sha256', hexOf(digest)));
  const readJson = async (digest: Digest): Promise<unknown> =>
    JSON.parse((await readBlob(digest)).toString());
  const details = async (image: StoredImage, manifest: Descriptor): Promise<ImageDetails> => {
    const content = (await readJson(manifest.digest)) as Manifest;
    const config = parseConfig(await readBlob(content.config.digest));
    if ('problem' in config) {
      throw buildError('environment', 'image-broken', `config of ${image.name}: ${config.problem}`);
    }
    const sizeBytes = content.layers.reduce(
      (sum, layer) => sum + layer.size,
      manifest.size + content.config.size,
    );
    const platform: Platform = {
      os: config.os,
      architecture: config.architecture,
      ...(config.variant === undefined ? {} : {variant: config.variant}),
    };
    return {...image, manifest, config, configDigest: content.config.digest, content, platform, sizeBytes};
  };
  /** An index may name more than was fetched: the images of other platforms. */
  const detailsIfHere = async (
    image: StoredImage,
    manifest: Descriptor,
  ): Promise<ImageDetails | undefined> => {
    try {
      return await details(image, manifest);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  const imagesOf = async (image: StoredImage): Promise<readonly ImageDetails[]> => {
    const {root} = image;
    if (!isIndexType(root.mediaType)) return [await details(image, root)];
    const {manifests} = (await readJson(root.digest)) as ImageIndex;
    const found = await Promise.all(
      manifests.filter((entry) => !isBesideImages(entry)).map((manifest) => detailsIfHere(image, manifest)),
    );
    return found.filter((one) => one !== undefined);
  };
  const allImages = async (): Promise<readonly ImageDetails[]> =>
    (await Promise.all(rows().map(imagesOf))).flat();
  const rows = (): StoredImage[] =>
    database
      .all('SELECT name, descriptor, created_ms FROM image ORDER BY created_ms DESC, name')
      .map((row) => ({
        name: String(row['name']),
        root: JSON.parse(String(row['descriptor'])) as Descriptor,
        createdAtMs: Number(row['created_ms']),
      }));
  return {
    readBlob,
    list: allImages,
    rootOf: (name) => rows().find((image) => image.name === name)?.root,
    tag: (name, root, createdAtMs) => {
      const descriptor = JSON.stringify(root);
      // A build that was cached from end to end writes nothing.
      const known = database.get('SELECT descriptor FROM image WHERE name = ?', name);
      if (known?.['descriptor'] === descriptor) return;
      database.run(
        'INSERT OR REPLACE INTO image (name, descriptor, created_ms) VALUES (?, ?, ?)',
        name,
        descriptor,
        Math.round(createdAtMs),
      );
    },
    untag: (name) => {
      const known = database.get('SELECT name FROM image WHERE name = ?', name);
      database.run('DELETE FROM image WHERE name = ?', name);
      return known !== undefined;
    },
    async get(nameOrId) {
      const named = rows().find((image) => image.name === nameOrId);
      if (named !== undefined) return fitting(await imagesOf(named));
      const wanted = nameOrId.startsWith('sha256:') ? nameOrId : `sha256:${nameOrId}`;
      if (!/^sha256:[0-9a-f]{6,64}$/.test(wanted)) return undefined;
      const all = await allImages();
      const found = all.find(
        (one) => one.configDigest.startsWith(wanted) || one.manifest.digest.startsWith(wanted),
      );
      return found ?? fitting(all.filter(({root}) => root.digest.startsWith(wanted)));
    },
  };
}

/** The one that runs here, else the first. */
function fitting(images: readonly ImageDetails[]): ImageDetails | undefined {
  return bestOffer(hostPlatform(), images) ?? images[0];
}
