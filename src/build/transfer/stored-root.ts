// What a name leads to in the local store, and what is below it there.

import {buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {normalisedName, type Reference} from '../../oci/reference.ts';
import {storedBlob} from '../../sources/registry/push/stored-blob.ts';
import {imageStoreOf} from '../../store/image-store.ts';
import type {Engine} from '../engine.ts';
import {contentBelow} from './image-content.ts';

/** Throws BuildError('user') when the store has no such name. */
export function storedRoot(reference: Reference, {state}: Pick<Engine, 'state'>, hint?: string): Descriptor {
  const name = normalisedName(reference);
  const root = imageStoreOf(state.database, state.root).rootOf(name);
  if (root !== undefined) return root;
  throw buildError('user', 'image-not-found', `no image "${name}" in the local store`, {
    hints: [hint ?? 'tsbuild images lists them'],
  });
}

/** Everything below `root`, to be pushed. */
export function storedContent(
  root: Descriptor,
  {blobs}: Pick<Engine, 'blobs'>,
): ReturnType<typeof contentBelow> {
  return contentBelow([root], {
    read: (digest) => blobs.read(digest),
    blob: (blob) => storedBlob(blob, () => blobs.path(blob.digest)),
    where: 'in the store',
  });
}
