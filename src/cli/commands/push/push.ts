// `tsbuild push NAME[:TAG]`: what was pushed is told as docker tells it, for scripts that read it.

import {buildError} from '../../../diagnostics/build-error.ts';
import {chosenImage, matchImage, repositoryTags} from '../../../image/match-image.ts';
import {familiarName, normalisedName, type Reference, repositoryName} from '../../../oci/reference.ts';
import type {ImageDetails} from '../../../store/image-store.ts';
import {exitCodes} from '../../exit-codes.ts';
import {defaultTagNotice, imageReference} from '../../image-name.ts';
import {platformFlag} from '../../platform-flag.ts';
import type {Act} from '../command.ts';
import {pushSigningKey} from '../sign/key-file.ts';
import {transferring} from '../transferring.ts';
import {withImages} from '../with-images.ts';

export const push: Act = async (call) => {
  const {flags, operands, io, interrupt} = call;
  const [operand, surplus] = operands;
  if (operand === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `push needs one NAME[:TAG], got ${operands.length} arguments`);
  }
  const reference = imageReference(operand);
  const [allTags, isQuiet] = [flags.has('all-tags'), flags.has('quiet')];
  const platform = platformFlag(flags);
  if (!allTags && !isQuiet) io.stdout.write(defaultTagNotice(reference));
  const all = allTags || platform ? await withImages(flags, io, (store) => store.list()) : [];
  const references = allTags ? storedTags(all, reference) : [reference];
  const signingKey = await pushSigningKey(flags, io, interrupt);
  const {pushStored} = await import('../../../build/transfer/push-stored.ts');
  await transferring(call, async (transfer) => {
    for (const one of references) {
      const name = normalisedName(one);
      const only = platform && chosenImage(matchImage(all, name), name, platform).manifest;
      const {digest, size} = await pushStored(one, {signingKey, only}, transfer);
      if (!isQuiet) io.stdout.write(`${one.tag ?? 'latest'}: digest: ${digest} size: ${size}\n`);
    }
  });
  if (isQuiet) io.stdout.write(`${allTags ? repositoryName(reference) : normalisedName(reference)}\n`);
  return exitCodes.ok;
};

function storedTags(all: readonly ImageDetails[], repository: Reference): readonly Reference[] {
  if (repository.tag !== undefined || repository.digest !== undefined) {
    throw buildError('usage', 'cli-bad-value', '--all-tags pushes all tags, so the name must have none');
  }
  const name = repositoryName(repository);
  const tagged = (repositoryTags(all, name) ?? []).flatMap((match) => match.name ?? []);
  if (tagged.length > 0) return tagged.map((one) => ({...repository, tag: one.slice(name.length + 1)}));
  const text = `no image of ${familiarName(repository)} in the local store`;
  throw buildError('user', 'image-not-found', text, {hints: ['tsbuild images lists them']});
}
