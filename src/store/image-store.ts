// The local image store: names → manifests whose blobs are in the store.

import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Descriptor} from '../oci/descriptor.ts';
import {type Digest, hexOf} from '../oci/digest.ts';
import type {ImageConfig} from '../oci/image-config.ts';
import type {Manifest} from '../oci/manifest.ts';
import type {Platform} from '../oci/platform.ts';
import type {Database} from './database.ts';
import {openStateDirectory} from './state-directory.ts';

export interface StoredImage {
  /** Normalised, `docker.io/library/app:latest`; `<none>@sha256:…` for an image built without a name. */
  readonly name: string;
  readonly manifest: Descriptor;
  readonly createdAtMs: number;
}

export interface ImageDetails extends StoredImage {
  readonly config: ImageConfig;
  readonly configDigest: Digest;
  readonly content: Manifest;
  readonly platform: Platform;
  /** Sum of the compressed layers, config and manifest. */
  readonly sizeBytes: number;
}

export interface ImageStore extends Disposable {
  list(): Promise<readonly ImageDetails[]>;
  /** By normalised name, or by (a prefix of) the config or manifest digest. */
  get(nameOrId: string): Promise<ImageDetails | undefined>;
  tag(name: string, manifest: Descriptor, createdAtMs: number): void;
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
  const details = async (image: StoredImage): Promise<ImageDetails> => {
    const content = JSON.parse((await readBlob(image.manifest.digest)).toString()) as Manifest;
    const config = JSON.parse((await readBlob(content.config.digest)).toString()) as ImageConfig;
    const sizeBytes = content.layers.reduce(
      (sum, layer) => sum + layer.size,
      image.manifest.size + content.config.size,
    );
    const platform: Platform = {
      os: config.os,
      architecture: config.architecture,
      ...(config.variant === undefined ? {} : {variant: config.variant}),
    };
    return {...image, config, configDigest: content.config.digest, content, platform, sizeBytes};
  };
  const rows = (): StoredImage[] =>
    database
      .all('SELECT name, descriptor, created_ms FROM image ORDER BY created_ms DESC, name')
      .map((row) => ({
        name: String(row['name']),
        manifest: JSON.parse(String(row['descriptor'])) as Descriptor,
        createdAtMs: Number(row['created_ms']),
      }));
  return {
    readBlob,
    list: () => Promise.all(rows().map(details)),
    tag: (name, manifest, createdAtMs) => {
      const descriptor = JSON.stringify(manifest);
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
    async get(nameOrId) {
      const all = rows();
      const named = all.find((image) => image.name === nameOrId);
      if (named !== undefined) return details(named);
      const wanted = nameOrId.startsWith('sha256:') ? nameOrId : `sha256:${nameOrId}`;
      if (!/^sha256:[0-9a-f]{6,64}$/.test(wanted)) return undefined;
      const found = await Promise.all(all.map(details));
      return found.find(
        (one) => one.configDigest.startsWith(wanted) || one.manifest.digest.startsWith(wanted),
      );
    },
  };
}
