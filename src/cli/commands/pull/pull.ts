// `tsbuild pull NAME[:TAG|@DIGEST]`: what was fetched is told as docker tells it, for scripts that read it.

import {buildError} from '../../../diagnostics/build-error.ts';
import {familiarName, normalisedName} from '../../../oci/reference.ts';
import {exitCodes} from '../../exit-codes.ts';
import {imageReference} from '../../image-name.ts';
import {givenPlatform} from '../../platform-flag.ts';
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
  const {pullAllTags, pullImage} = await import('../../../build/transfer/pull.ts');
  const pulled = await transferring(call, async (transfer) =>
    allTags ? pullAllTags(reference, platform, transfer) : [await pullImage(reference, platform, transfer)],
  );
  for (const {name, digest, isUpToDate} of pulled) {
    const shown = allTags ? name : familiarName({...reference, tag: reference.tag ?? 'latest'});
    const status = isUpToDate ? 'Image is up to date for' : 'Downloaded newer image for';
    if (!flags.has('quiet')) io.stdout.write(`Digest: ${digest}\nStatus: ${status} ${shown}\n`);
    io.stdout.write(`${name}\n`);
  }
  if (pulled.length === 0)
    throw buildError('user', 'image-not-found', `${normalisedName(reference)} has no tags`);
  return exitCodes.ok;
};
