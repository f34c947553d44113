// `tsbuild inspect IMAGE…`: images of the local store in docker's words. What is found is printed also when others
// are missing, as docker does.

import {BuildError, buildError} from '../../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../../diagnostics/diagnostic.ts';
import {chosenImage, matchImage} from '../../../image/match-image.ts';
import type {ImageDetails} from '../../../store/image-store.ts';
import {exitCodes} from '../../exit-codes.ts';
import {objectPrinter} from '../../format/print.ts';
import {platformFlag} from '../../platform-flag.ts';
import type {Act} from '../command.ts';
import {withImages} from '../with-images.ts';
import {dockerFields} from './docker-fields.ts';

export const inspectImages: Act = async ({flags, operands, io}) => {
  if (operands.length === 0) throw buildError('usage', 'cli-operands', 'inspect needs an IMAGE');
  const print = objectPrinter(flags.last('format'));
  const platform = platformFlag(flags);
  return withImages(flags, io, async (store) => {
    const all = await store.list();
    const found: ImageDetails[] = [];
    const missing: Diagnostic[] = [];
    for (const operand of operands) {
      try {
        found.push(chosenImage(matchImage(all, operand), operand, platform));
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        missing.push(...error.diagnostics);
      }
    }
    io.stdout.write(print(found.map((image) => dockerFields(image, all))));
    const [first, ...others] = missing;
    if (first !== undefined) throw new BuildError('user', [first, ...others]);
    return exitCodes.ok;
  });
};
