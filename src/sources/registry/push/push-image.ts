// A whole image into a repository: blobs side by side, then manifests one by one, those that others refer to first,
// so that a name never leads to something that is not all there.

import {mapLimited} from '../../../util/map-limited.ts';
import type {BlobOutcome, PushBlob, PushManifest, RepositoryWriter} from './repository-writer.ts';

export interface ImagePush {
  /** Each once. */
  readonly blobs: readonly PushBlob[];
  /** What is referred to before what refers to it; the last one is what the tags name. */
  readonly manifests: readonly PushManifest[];
  /** Without any the image is pushed by digest. */
  readonly tags: readonly string[];
}

export interface PushObserver {
  /** Bytes of a blob that were sent so far. */
  onBytes(blob: PushBlob, sent: number): void;
  onBlob(blob: PushBlob, outcome: BlobOutcome): void;
  /** Everything is there, and no tag has moved. */
  beforeTags?(): Promise<void>;
}

/** More wait for the registry's slots only. */
const blobsMax = 8;

export async function pushImage(
  writer: RepositoryWriter,
  {blobs, manifests, tags}: ImagePush,
  observer: PushObserver,
  signal: AbortSignal,
): Promise<void> {
  await mapLimited(blobs, blobsMax, async (blob) => {
    const outcome = await writer.putBlob(blob, signal, (sent) => observer.onBytes(blob, sent));
    observer.onBlob(blob, outcome);
  });
  const root = manifests.at(-1);
  for (const manifest of manifests) {
    const isTagged = manifest === root && tags.length > 0;
    if (!isTagged || observer.beforeTags !== undefined) await writer.putManifest(manifest, signal);
  }
  await observer.beforeTags?.();
  if (root !== undefined) for (const tag of tags) await writer.putManifest(root, signal, tag);
}
