// `tsbuild rmi IMAGE…`: names and images away, told line by line as docker tells it.

import {BuildError, buildError} from '../../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../../diagnostics/diagnostic.ts';
import {removeImage} from '../../../image/remove-images.ts';
import {exitCodes} from '../../exit-codes.ts';
import {diagnosticPrinter} from '../../failure.ts';
import type {Act} from '../command.ts';
import {withImages} from '../with-images.ts';

export const removeImages: Act = async ({flags, operands, io}) => {
  if (operands.length === 0) throw buildError('usage', 'cli-operands', 'rmi needs an IMAGE');
  const force = flags.has('force');
  return withImages(flags, io, async (store) => {
    const problems: Diagnostic[] = [];
    for (const operand of operands) {
      try {
        for (const removal of removeImage(store, await store.list(), operand, force)) {
          io.stdout.write(
            removal.type === 'untagged' ? `Untagged: ${removal.name}\n` : `Deleted: ${removal.id}\n`,
          );
        }
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        problems.push(...error.diagnostics);
      }
    }
    const [first, ...others] = problems;
    if (first === undefined) return exitCodes.ok;
    // As docker: with -f it is no failure that there is nothing to remove.
    if (!force || problems.some(({code}) => code !== 'image-not-found')) {
      throw new BuildError('user', [first, ...others]);
    }
    problems.forEach(diagnosticPrinter(io));
    return exitCodes.ok;
  });
};
