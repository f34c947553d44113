// `tsbuild fsck`: findings line by line.

import {buildError} from '../../../diagnostics/build-error.ts';
import {fsck} from '../../../space/fsck.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import type {CliIo} from '../../io.ts';
import {openSpace} from '../../space/access.ts';

export async function runFsck(
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (operands.length > 0) throw buildError('usage', 'cli-operands', 'fsck takes no operands');
  await using access = await openSpace(flags, io);
  const {state, helper} = access.engine;
  const options = {state, helper, deep: flags.has('deep'), repair: flags.has('repair')};
  const findings = await fsck(options, signal);
  for (const {kind, text, repair} of findings) {
    const done = options.repair && repair !== 'none' ? ' (removed)' : '';
    io.stdout.write(`${kind}: ${text}${done}\n`);
  }
  const wrong = findings.filter(({kind}) => kind === 'wrong').length;
  io.stdout.write(
    wrong === 0 ? 'nothing is wrong\n' : `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong\n`,
  );
  return wrong === 0 ? exitCodes.ok : exitCodes.failed;
}
