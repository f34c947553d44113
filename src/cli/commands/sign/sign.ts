// `tsbuild sign NAME`.

import type {SignatureForm} from '../../../build/transfer/signatures.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {imageReference} from '../../image-name.ts';
import type {Act} from '../command.ts';
import {transferring} from '../transferring.ts';
import {signingKeyAt} from './key-file.ts';
import {withoutKey} from './keyless.ts';

export const sign: Act = async (call) => {
  const {flags, operands, io} = call;
  const [operand, surplus] = operands;
  if (operand === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `sign needs one NAME, got ${operands.length} arguments`);
  }
  const place = flags.last('key');
  if (!place) {
    throw buildError('usage', 'cli-bad-value', 'sign needs a key', {
      hints: [
        'give it with --key FILE; tsbuild generate-key-pair makes one',
        `signing without a key ${withoutKey}`,
      ],
    });
  }
  const reference = imageReference(operand);
  const claims = Object.fromEntries(flags.all('annotations').map(claimOf));
  const key = await signingKeyAt(place, io, call.interrupt);
  const {signInRegistry} = await import('../../../build/transfer/sign.ts');
  const request = {
    key,
    claims,
    forms: formsOf(flags),
    isRecursive: flags.has('recursive'),
    attestations: flags.has('attestations'),
  };
  const signed = await transferring(call, (transfer) => signInRegistry(reference, request, transfer));
  for (const name of signed) io.stdout.write(`${name}\n`);
  return exitCodes.ok;
};

/** cosign's flag: true is what cosign 3 makes by itself, false what cosign 2 makes. */
function formsOf(flags: FlagValues): readonly SignatureForm[] {
  const isBundle = flags.last('new-bundle-format');
  if (isBundle === undefined) return ['tag', 'bundle'];
  return isBundle === 'true' ? ['bundle'] : ['tag'];
}

function claimOf(text: string): [string, string] {
  const [key = '', value] = text.split(/=(.*)/s);
  if (key !== '' && value !== undefined) return [key, value];
  throw buildError('usage', 'cli-bad-value', `--annotations expects KEY=VALUE, got "${text}"`);
}
