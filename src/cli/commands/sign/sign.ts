// `tsbuild sign NAME`.

import {buildError} from '../../../diagnostics/build-error.ts';
import {exitCodes} from '../../exit-codes.ts';
import {imageReference} from '../../image-name.ts';
import type {Act} from '../command.ts';
import {transferring} from '../transferring.ts';
import {signingKeyAt} from './key-file.ts';

export const sign: Act = async (call) => {
  const {flags, operands, io} = call;
  const [operand, surplus] = operands;
  if (operand === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `sign needs one NAME, got ${operands.length} arguments`);
  }
  const place = flags.last('key');
  if (!place) {
    throw buildError('usage', 'cli-bad-value', 'sign needs a key', {
      hints: ['give it with --key FILE; tsbuild generate-key-pair makes one'],
    });
  }
  const reference = imageReference(operand);
  const claims = Object.fromEntries(flags.all('annotations').map(claimOf));
  const key = await signingKeyAt(place, io);
  const {signInRegistry} = await import('../../../build/transfer/sign.ts');
  const request = {key, claims, isRecursive: flags.has('recursive')};
  const signed = await transferring(call, (transfer) => signInRegistry(reference, request, transfer));
  for (const name of signed) io.stdout.write(`${name}\n`);
  return exitCodes.ok;
};

function claimOf(text: string): [string, string] {
  const [key = '', value] = text.split(/=(.*)/s);
  if (key !== '' && value !== undefined) return [key, value];
  throw buildError('usage', 'cli-bad-value', `--annotations expects KEY=VALUE, got "${text}"`);
}
