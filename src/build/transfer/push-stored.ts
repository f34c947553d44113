// An image of the local store into its registry: everything below its name, children first.

import {buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import type {Digest} from '../../oci/digest.ts';
import {parseManifest} from '../../oci/parse-manifest.ts';
import {normalisedName, type Reference, repositoryName} from '../../oci/reference.ts';
import {pushImage} from '../../sources/registry/push/push-image.ts';
import type {PushBlob, PushManifest} from '../../sources/registry/push/repository-writer.ts';
import {storedBlob} from '../../sources/registry/push/stored-blob.ts';
import type {BlobStore} from '../../store/blob-store.ts';
import {imageStoreOf} from '../../store/image-store.ts';
import type {Transfer} from './transfer.ts';

/** Pushes the image that is stored under `reference` to where its name says; gives what it leads to. */
export async function pushStored(reference: Reference, transfer: Transfer): Promise<Descriptor> {
  const {engine, reporter, signal} = transfer;
  const name = normalisedName(reference);
  const root = imageStoreOf(engine.state.database, engine.state.root).rootOf(name);
  if (root === undefined) {
    throw buildError('user', 'image-not-found', `no image "${name}" in the local store`, {
      hints: [
        'an image is pushed under its own name: tsbuild tag IMAGE NAME gives it one; tsbuild images lists them',
      ],
    });
  }
  const content = await contentOf(root, engine.blobs);
  const tag = reference.digest === undefined ? (reference.tag ?? 'latest') : undefined;
  await reporter.step(`pushing ${name}`, async (note, progress) => {
    const client = await engine.registry();
    await pushImage(
      client.writer(reference),
      {...content, tags: tag === undefined ? [] : [tag]},
      {
        onBytes: (blob, sent) => progress(blob.digest, sent, blob.size),
        onBlob: (blob, outcome) => {
          if (outcome !== 'uploaded') note(`${blob.digest} is ${outcome} in ${repositoryName(reference)}`);
        },
      },
      signal,
    );
  });
  return root;
}

interface Content {
  readonly blobs: readonly PushBlob[];
  readonly manifests: readonly PushManifest[];
}

/** Everything below `root`, each thing once, what is referred to first. */
async function contentOf(root: Descriptor, store: BlobStore): Promise<Content> {
  const blobs = new Map<Digest, PushBlob>();
  const manifests = new Map<Digest, PushManifest>();
  const visit = async ({digest, mediaType}: Descriptor): Promise<void> => {
    if (manifests.has(digest)) return;
    const bytes = await store.read(digest);
    const parsed = parseManifest(bytes, mediaType);
    if (parsed.kind === 'index') for (const child of parsed.index.manifests) await visit(child);
    else if (parsed.kind === 'manifest') {
      for (const blob of [...parsed.manifest.layers, parsed.manifest.config]) {
        blobs.set(
          blob.digest,
          storedBlob(blob, () => store.path(blob.digest)),
        );
      }
    } else throw buildError('environment', 'image-broken', `${digest} in the store is no manifest`);
    manifests.set(digest, {mediaType, bytes});
  };
  await visit(root);
  return {blobs: [...blobs.values()], manifests: [...manifests.values()]};
}
