// What a name leads to in the local store.

import {buildError} from '../../diagnostics/build-error.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {normalisedName, type Reference} from '../../oci/reference.ts';
import {imageStoreOf} from '../../store/image-store.ts';
import type {Engine} from '../engine.ts';

/** Throws BuildError('user') when the store has no such name. */
export function storedRoot(reference: Reference, {state}: Pick<Engine, 'state'>, hint?: string): Descriptor {
  const name = normalisedName(reference);
  const root = imageStoreOf(state.database, state.root).rootOf(name);
  if (root !== undefined) return root;
  throw buildError('user', 'image-not-found', `no image "${name}" in the local store`, {
    hints: [hint ?? 'tsbuild images lists them'],
  });
}
