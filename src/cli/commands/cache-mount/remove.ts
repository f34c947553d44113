// `tsbuild cache-mount rm` and `tsbuild cache-mount prune`.

import {buildError} from '../../../diagnostics/build-error.ts';
import {exitCodes} from '../../exit-codes.ts';
import {openSpace} from '../../space/access.ts';
import type {Act} from '../command.ts';
import {runPrune} from '../prune/prune.ts';
import {chosenCache} from './chosen-cache.ts';

export const pruneCaches: Act = ({flags, operands, io, interrupt}) => {
  if (operands.length > 0) {
    throw buildError('usage', 'cli-operands', 'cache-mount prune takes no operands', {
      hints: ['"tsbuild cache-mount rm" removes one'],
    });
  }
  const only = {filters: ['type==exec.cachemount'], what: 'all cache mounts'};
  return runPrune(flags, operands, io, interrupt, only);
};

export const removeCaches: Act = async ({flags, operands, io, interrupt}) => {
  if (operands.length === 0) throw buildError('usage', 'cli-operands', 'cache-mount rm needs a CACHE');
  await using access = await openSpace(flags, io);
  const {state, helper} = access.engine;
  const all = state.cacheMounts.list();
  const chosen = new Set(operands.map((operand) => chosenCache(all, operand)));
  const used: string[] = [];
  const away: string[] = [];
  for (const {folder, id} of chosen) {
    const path = await state.cacheMounts.forgetUnused(folder, interrupt);
    if (path === undefined) used.push(id ?? folder);
    else {
      away.push(path);
      io.stdout.write(`${id ?? folder}\n`);
    }
  }
  if (away.length > 0) {
    const paths = away.map((path) => `path=${path}`);
    await (await helper()).request('remove', paths, {signal: interrupt});
  }
  if (used.length === 0) return exitCodes.ok;
  throw buildError('user', 'cache-mount-in-use', `in use by a step that runs: ${used.join(', ')}`, {
    hints: ['try again when that step has ended'],
  });
};
