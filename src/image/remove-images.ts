// What removing an image by name or ID comes to, by docker's rules: a name is taken away, and with its last name the
// image itself; an ID is refused while several names lead to it. Only names are removed here: bytes are freed by
// whoever collects what no name leads to.

import {buildError} from '../diagnostics/build-error.ts';
import type {ImageDetails, ImageStore} from '../store/image-store.ts';
import {type ImageMatch, matchImage, shownName} from './match-image.ts';

export type Removal =
  | {readonly type: 'untagged'; readonly name: string}
  | {readonly type: 'deleted'; readonly id: string};

/** Throws BuildError when there is no such image, or several names lead to it and `force` is not set. */
export function removeImage(
  store: Pick<ImageStore, 'untag'>,
  all: readonly ImageDetails[],
  operand: string,
  force: boolean,
): readonly Removal[] {
  const match = matchImage(all, operand);
  const names = namesOf(match);
  if (match.name === undefined && names.length > 1 && !force) {
    const text = `image "${operand}" has several names (it must be forced with -f)`;
    throw buildError('user', 'image-in-use', text, {notes: names.map(shownName)});
  }
  const removals: Removal[] = [];
  const gone = new Set<string>();
  for (const name of names) {
    store.untag(name);
    gone.add(name);
    if (!name.startsWith('<none>')) removals.push({type: 'untagged', name: shownName(name)});
  }
  const isLeft = (image: ImageDetails): boolean =>
    all.some((one) => one.manifest.digest === image.manifest.digest && !gone.has(one.name));
  const ids = new Set(match.images.filter((image) => !isLeft(image)).map(({configDigest}) => configDigest));
  return [...removals, ...[...ids].map((id): Removal => ({type: 'deleted', id}))];
}

function namesOf({name, images}: ImageMatch): readonly string[] {
  return name === undefined ? [...new Set(images.map((image) => image.name))].sort() : [name];
}
