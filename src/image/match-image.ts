// What a user calls an image: a name, a name with a digest, or (the beginning of) an ID, among the images of the local
// store. A name wins over an ID; an ID that fits several images means none.

import {buildError} from '../diagnostics/build-error.ts';
import {bestOffer, formatPlatform, hostPlatform, type Platform} from '../oci/platform.ts';
import {
  familiarName,
  isReferenceProblem,
  normalisedName,
  parseReference,
  repositoryName,
} from '../oci/reference.ts';
import type {ImageDetails} from '../store/image-store.ts';
import type {AtLeastOne} from '../util/at-least-one.ts';
import {suggest} from '../util/suggest.ts';

export interface ImageMatch {
  /** The normalised name, when it was one; with an ID every name of the image is in `images`. */
  readonly name: string | undefined;
  /** Of a name the images of its index, one for each platform. */
  readonly images: AtLeastOne<ImageDetails>;
}

/** Throws BuildError('user') when nothing is called so, or several images are. */
export function matchImage(all: readonly ImageDetails[], operand: string): ImageMatch {
  const match = matchByName(all, operand) ?? matchById(all, operand);
  if (match !== undefined) return match;
  const names = [...new Set(all.map(({name}) => shownName(name)))];
  const near = suggest(operand, names);
  throw buildError('user', 'image-not-found', `no image "${operand}" in the local store`, {
    hints: [near === undefined ? 'tsbuild images lists them' : `did you mean ${near}?`],
  });
}

/** Every tag of the repository that `operand` names without a tag or digest; undefined when it is no such name. */
export function repositoryTags(
  all: readonly ImageDetails[],
  operand: string,
): AtLeastOne<ImageMatch> | undefined {
  const reference = parseReference(operand);
  if (isReferenceProblem(reference) || (reference.tag ?? reference.digest) !== undefined) return undefined;
  const prefix = `${repositoryName(reference)}:`;
  const names = [...new Set(all.map(({name}) => name))].filter((name) => name.startsWith(prefix)).sort();
  const [first, ...others] = names.map((name) => matchImage(all, name));
  return first === undefined ? undefined : [first, ...others];
}

/** The image of a match for `platform`, else the one that runs here, else the first. */
export function chosenImage({images}: ImageMatch, operand: string, platform?: Platform): ImageDetails {
  if (platform === undefined) return bestOffer(hostPlatform(), images) ?? images[0];
  const found = bestOffer(platform, images);
  if (found !== undefined) return found;
  const offered = images.map((one) => formatPlatform(one.platform)).join(', ');
  throw buildError('user', 'image-no-platform', `image "${operand}" is not for ${formatPlatform(platform)}`, {
    hints: [`it is for ${offered}`],
  });
}

/** As docker shows it; of a nameless image its own spelling. */
export function shownName(name: string): string {
  const reference = parseReference(name);
  return isReferenceProblem(reference) ? name : familiarName(reference);
}

function matchByName(all: readonly ImageDetails[], operand: string): ImageMatch | undefined {
  const reference = parseReference(operand);
  if (isReferenceProblem(reference)) return undefined;
  const name = normalisedName(reference);
  const {digest} = reference;
  const images = all.filter((image) => {
    if (image.name === name) return true;
    if (digest === undefined || (image.root.digest !== digest && image.manifest.digest !== digest))
      return false;
    const own = parseReference(image.name);
    return !isReferenceProblem(own) && repositoryName(own) === repositoryName(reference);
  });
  const [first, ...others] = images;
  return first === undefined
    ? undefined
    : {name: first.name, images: [first, ...others.filter((one) => one.name === first.name)]};
}

function matchById(all: readonly ImageDetails[], operand: string): ImageMatch | undefined {
  const wanted = operand.startsWith('sha256:') ? operand : `sha256:${operand}`;
  if (!/^sha256:[0-9a-f]{1,64}$/.test(wanted)) return undefined;
  const images = all.filter(({configDigest, manifest, root}) =>
    [configDigest, manifest.digest, root.digest].some((digest) => digest.startsWith(wanted)),
  );
  const [first, ...others] = images;
  if (first === undefined) return undefined;
  const different = new Set(images.map(({root}) => root.digest));
  if (different.size > 1 && new Set(images.map(({configDigest}) => configDigest)).size > 1) {
    throw buildError('user', 'image-ambiguous', `"${operand}" begins the ID of ${different.size} images`, {
      notes: images.map(({configDigest, name}) => `${configDigest} ${shownName(name)}`),
    });
  }
  return {name: undefined, images: [first, ...others]};
}
