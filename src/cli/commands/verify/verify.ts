// `tsbuild verify IMAGE`: everything that an image is made of, checked; problems one a line.

import {buildError} from '../../../diagnostics/build-error.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {chosenFormat} from '../../format/flag.ts';
import type {CliIo} from '../../io.ts';
import {stateRootOf} from '../../places.ts';
import {verifiableNamed} from './image-files.ts';

export async function runVerify(
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const [name] = operands;
  if (name === undefined || operands.length > 1)
    throw buildError('usage', 'cli-operands', `verify needs exactly one IMAGE, got ${operands.length}`);
  const format = chosenFormat(flags, ['table', 'json']);
  const {kind, verify} = await verifiableNamed(name, io.cwd, stateRootOf(flags, io));
  const problems = await verify();
  if (format === 'json') io.stdout.write(`${JSON.stringify({image: name, kind, problems}, null, 2)}\n`);
  else io.stdout.write(problems.length === 0 ? 'ok\n' : problems.map((text) => `${text}\n`).join(''));
  return problems.length === 0 ? exitCodes.ok : exitCodes.failed;
}
