// `tsbuild pull NAME[:TAG|@DIGEST]`: what was fetched is told as docker tells it, for scripts that read it.

import {buildError} from '../../../diagnostics/build-error.ts';
import {formatPlatform} from '../../../oci/platform.ts';
import {familiarName, normalisedName, repositoryName} from '../../../oci/reference.ts';
import {exitCodes} from '../../exit-codes.ts';
import {defaultTagNotice, imageReference} from '../../image-name.ts';
import {asksForPlatform, givenPlatform} from '../../platform-flag.ts';
import type {Act} from '../command.ts';
import {transferring} from '../transferring.ts';

export const pull: Act = async (call) => {
  const {flags, operands, io} = call;
  const [operand, surplus] = operands;
  if (operand === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `pull needs one NAME, got ${operands.length} arguments`);
  }
  const reference = imageReference(operand);
  const allTags = flags.has('all-tags');
  if (allTags && (reference.tag ?? reference.digest) !== undefined) {
    throw buildError('usage', 'cli-bad-value', '--all-tags fetches all tags, so the name must have none');
  }
  const platform = givenPlatform(flags, io);
  const isQuiet = flags.has('quiet');
  if (!allTags && !isQuiet) io.stdout.write(defaultTagNotice(reference));
  const {pullAllTags, pullImage} = await import('../../../build/transfer/pull.ts');
  const pulled = await transferring(call, async (transfer) =>
    allTags ? pullAllTags(reference, platform, transfer) : [await pullImage(reference, platform, transfer)],
  );
  const [first] = pulled;
  if (first === undefined) {
    throw buildError('user', 'image-not-found', `${normalisedName(reference)} has no tags`);
  }
  // As docker: to who asked for none any is right.
  for (const {name, otherPlatform: other} of asksForPlatform(flags, io) ? pulled : []) {
    if (other === undefined) continue;
    io.stderr.write(
      `warning: ${name} is for ${formatPlatform(other)}, not for ${formatPlatform(platform)}\n`,
    );
  }
  if (!isQuiet) {
    const isNew = pulled.some(({isUpToDate}) => !isUpToDate);
    const status = isNew ? 'Downloaded newer image for' : 'Image is up to date for';
    const isBare = !allTags && (reference.tag ?? reference.digest) === undefined;
    const shown = familiarName(isBare ? {...reference, tag: 'latest'} : reference);
    io.stdout.write(pulled.map(({digest}) => `Digest: ${digest}\n`).join(''));
    io.stdout.write(`Status: ${status} ${shown}\n`);
  }
  io.stdout.write(`${allTags ? repositoryName(reference) : first.name}\n`);
  return exitCodes.ok;
};
