// `tsbuild export IMAGE`.

import {packImageFiles} from '../../../build/image-files.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import {chosenImage, matchImage} from '../../../image/match-image.ts';
import {exitCodes} from '../../exit-codes.ts';
import {configFileOf, stateRootOf} from '../../places.ts';
import {platformFlag} from '../../platform-flag.ts';
import type {Act} from '../command.ts';
import {withImages} from '../with-images.ts';

export const exportImage: Act = async ({flags, operands, io, interrupt}) => {
  const [operand, surplus] = operands;
  if (operand === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `export needs exactly one IMAGE, got ${operands.length}`);
  }
  const platform = platformFlag(flags);
  const image = await withImages(flags, io, async (store) =>
    chosenImage(matchImage(await store.list(), operand), operand, platform),
  );
  const configFile = configFileOf(flags, io);
  const options = {
    root: stateRootOf(flags, io),
    configFile,
    environment: io.env,
    dest: flags.last('output') ?? '-',
    workingDirectory: io.cwd,
    get stdout() {
      return io.stdout;
    },
  };
  await packImageFiles(image, options, interrupt);
  return exitCodes.ok;
};
