// `tsbuild login [SERVER]`.

import {buildError} from '../../../diagnostics/build-error.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {type CliIo, readAll} from '../../io.ts';
import {configFileOf} from '../../places.ts';
import type {Act} from '../command.ts';
import {registryHost} from '../registry-host.ts';

export const logIn: Act = async ({flags, operands, io, interrupt}) => {
  const host = registryHost(operands, 'login');
  const username = flags.last('username');
  if (!username) {
    throw buildError('usage', 'cli-bad-value', 'login needs a user', {
      hints: ['give it with --username USER'],
    });
  }
  const password = await passwordOf(flags, io);
  const configFile = configFileOf(flags, io);
  const {login} = await import('../../../build/transfer/login.ts');
  const file = await login({host, username, password}, {configFile, environment: io.env}, interrupt);
  if (file !== undefined) {
    io.stderr.write(
      `warning: the password is kept unencrypted in ${file}; a credential helper (credsStore) would encrypt it\n`,
    );
  }
  io.stdout.write('Login Succeeded\n');
  return exitCodes.ok;
};

async function passwordOf(flags: FlagValues, io: CliIo): Promise<string> {
  const given = flags.last('password');
  const fromInput = flags.has('password-stdin');
  if (given !== undefined && fromInput) {
    throw buildError('usage', 'cli-bad-value', '--password and --password-stdin exclude each other');
  }
  // One line end is the shell's, further ones may be the password's.
  const password = fromInput ? (await readAll(io.stdin)).toString('utf8').replace(/\r?\n$/, '') : given;
  if (password) return password;
  throw buildError('usage', 'cli-bad-value', 'login needs a password', {
    hints: ['give it on standard input: tsbuild login -u USER --password-stdin SERVER < FILE'],
  });
}
