// `tsbuild generate-key-pair`: two new files; the private one is nobody else's to read.

import {writeFile} from 'node:fs/promises';
import {resolve} from 'node:path';
import {buildError} from '../../../diagnostics/build-error.ts';
import {newKeyPair} from '../../../signature/keys.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {Act} from '../command.ts';
import {passwordVariable} from '../sign/key-file.ts';

export const generateKeyPair: Act = async ({flags, operands, io}) => {
  if (operands.length > 0) {
    throw buildError('usage', 'cli-operands', `generate-key-pair takes no arguments, got ${operands.length}`);
  }
  const password = io.env[passwordVariable];
  if (password === undefined) {
    throw buildError(
      'usage',
      'cli-bad-value',
      `the key is sealed with $${passwordVariable}, which is not set`,
      {
        hints: [`set it; ${passwordVariable}= (empty) makes a key that everybody who can read it can use`],
      },
    );
  }
  const prefix = flags.last('output-key-prefix') || 'cosign';
  const {privatePem, publicPem} = newKeyPair(password);
  await writeNew(resolve(io.cwd, `${prefix}.key`), privatePem, 0o600);
  await writeNew(resolve(io.cwd, `${prefix}.pub`), publicPem, 0o644);
  io.stdout.write(`${prefix}.key\n${prefix}.pub\n`);
  return exitCodes.ok;
};

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  await writeFile(path, text, {mode, flag: 'wx'}).catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'EEXIST' ? 'it is there already' : cause.code;
    throw buildError('user', 'key-unwritable', `cannot write ${path}: ${problem}`, {cause});
  });
}
