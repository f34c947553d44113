// An image of the local store into its registry: everything below its name, children first.

import type {Descriptor} from '../../oci/descriptor.ts';
import {normalisedName, type Reference} from '../../oci/reference.ts';
import type {SigningKey} from '../../signature/keys.ts';
import {pushContent} from './push-content.ts';
import {storedContent, storedRoot} from './stored-root.ts';
import type {Transfer} from './transfer.ts';

const namesHint =
  'an image is pushed under its own name: tsbuild tag IMAGE NAME gives it one; tsbuild images lists them';

export interface StoredPush {
  /** Signs what is pushed. */
  readonly signingKey: SigningKey | undefined;
  /** Of an index one of its manifests; undefined: all of it. */
  readonly only: Descriptor | undefined;
}

/** Pushes the image that is stored under `reference` to where its name says; gives what the name leads to then. */
export async function pushStored(
  reference: Reference,
  {signingKey, only}: StoredPush,
  transfer: Transfer,
): Promise<Descriptor> {
  const {engine, reporter} = transfer;
  const name = normalisedName(reference);
  const root = only ?? storedRoot(reference, engine, namesHint);
  const content = await storedContent(root, engine);
  const tag = reference.digest === undefined ? (reference.tag ?? 'latest') : undefined;
  const tags = tag === undefined ? [] : [tag];
  const push = {blobs: [...content.blobs.values()], manifests: [...content.manifests.values()]};
  await reporter.step(`pushing ${name}`, (note, progress) =>
    pushContent(reference, {...push, tags}, transfer, {note, progress, signingKey}),
  );
  return root;
}
