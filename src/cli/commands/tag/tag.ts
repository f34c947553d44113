// `tsbuild tag SOURCE TARGET`: another name for an image; of an index, for the index.

import {buildError} from '../../../diagnostics/build-error.ts';
import {matchImage} from '../../../image/match-image.ts';
import {hexOf} from '../../../oci/digest.ts';
import {systemClock} from '../../../util/clock.ts';
import {exitCodes} from '../../exit-codes.ts';
import {taggedName} from '../../image-name.ts';
import type {Act} from '../command.ts';
import {withImages} from '../with-images.ts';

export const tagImage: Act = async ({flags, operands, io}) => {
  const [source, target, surplus] = operands;
  if (source === undefined || target === undefined || surplus !== undefined) {
    throw buildError(
      'usage',
      'cli-operands',
      `tag needs SOURCE and TARGET, got ${operands.length} arguments`,
    );
  }
  const name = taggedName(target);
  return withImages(flags, io, async (store) => {
    const {name: known, images} = matchImage(await store.list(), source);
    const [image] = images;
    // An ID of one image of an index means that image, not the index.
    const isWhole =
      known !== undefined || hexOf(image.root.digest).startsWith(source.replace(/^sha256:/, ''));
    store.tag(name, isWhole ? image.root : image.manifest, systemClock.nowMs());
    return exitCodes.ok;
  });
};
