// `tsbuild verify`: everything that an image is made of, checked; problems one a line.

import {buildError} from '../../../diagnostics/build-error.ts';
import {exitCodes} from '../../exit-codes.ts';
import {chosenFormat} from '../../format/flag.ts';
import type {Act} from '../command.ts';
import {verifiableNamed} from './image-files.ts';

export const verify: Act = async (call) => {
  const {flags, operands, io} = call;
  if (flags.has('rebuild')) return (await import('./rebuild.ts')).rebuild(call);
  const [name] = operands;
  if (name === undefined || operands.length > 1)
    throw buildError('usage', 'cli-operands', `verify needs exactly one IMAGE, got ${operands.length}`);
  const format = chosenFormat(flags, ['table', 'json']);
  const verifiable = await verifiableNamed(name, call);
  const problems = await verifiable.verify();
  const {kind} = verifiable;
  if (format === 'json') io.stdout.write(`${JSON.stringify({image: name, kind, problems}, null, 2)}\n`);
  else io.stdout.write(problems.length === 0 ? 'ok\n' : problems.map((text) => `${text}\n`).join(''));
  return problems.length === 0 ? exitCodes.ok : exitCodes.failed;
};
