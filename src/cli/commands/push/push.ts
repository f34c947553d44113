// `tsbuild push NAME[:TAG]`: what was pushed is told as docker tells it, for scripts that read it.

import {buildError} from '../../../diagnostics/build-error.ts';
import {chosenImage, matchImage} from '../../../image/match-image.ts';
import {familiarName, normalisedName, type Reference, repositoryName} from '../../../oci/reference.ts';
import {exitCodes} from '../../exit-codes.ts';
import {defaultTagNotice, imageReference} from '../../image-name.ts';
import {platformFlag} from '../../platform-flag.ts';
import type {Act, CommandCall} from '../command.ts';
import {pushSigningKey} from '../sign/key-file.ts';
import {transferring} from '../transferring.ts';
import {withImages} from '../with-images.ts';

export const push: Act = async (call) => {
  const {flags, operands, io} = call;
  const [operand, surplus] = operands;
  if (operand === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `push needs one NAME[:TAG], got ${operands.length} arguments`);
  }
  const reference = imageReference(operand);
  const [allTags, isQuiet] = [flags.has('all-tags'), flags.has('quiet')];
  const platform = platformFlag(flags);
  if (!allTags && !isQuiet) io.stdout.write(defaultTagNotice(reference));
  const references = allTags ? await storedTags(reference, call) : [reference];
  const signingKey = await pushSigningKey(flags, io);
  const all = platform === undefined ? [] : await withImages(flags, io, (store) => store.list());
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

async function storedTags(repository: Reference, {flags, io}: CommandCall): Promise<readonly Reference[]> {
  if (repository.tag !== undefined || repository.digest !== undefined) {
    throw buildError('usage', 'cli-bad-value', '--all-tags pushes all tags, so the name must have none');
  }
  const prefix = `${repositoryName(repository)}:`;
  const names = await withImages(flags, io, async (store) => (await store.list()).map(({name}) => name));
  const tags = new Set(
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
  );
  if (tags.size > 0) return [...tags].map((tag) => ({...repository, tag}));
  const text = `no image of ${familiarName(repository)} in the local store`;
  throw buildError('user', 'image-not-found', text, {hints: ['tsbuild images lists them']});
}
