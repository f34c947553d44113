// `tsbuild login [SERVER]`: by what docker knows already, by flags, or by asking.

import {buildError} from '../../../diagnostics/build-error.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {readAll} from '../../io.ts';
import {configFileOf} from '../../places.ts';
import type {Act, CommandCall} from '../command.ts';
import {registryHost} from '../registry-host.ts';

export const logIn: Act = async (call) => {
  const {flags, operands, io, interrupt} = call;
  const host = registryHost(operands, 'login');
  checkFlags(flags);
  const files = {configFile: configFileOf(flags, io), environment: io.env};
  const {knownUser, login, loginAgain} = await import('../../../build/transfer/login.ts');
  // As docker: who says nothing may be known.
  const isKnown = !flags.last('username') && flags.last('password') === undefined;
  if (isKnown && (await loginAgain(host, files, interrupt))) {
    io.stdout.write('Authenticating with existing credentials...\nLogin Succeeded\n');
    return exitCodes.ok;
  }
  const answers = await answersOf(call, () => knownUser(host, files, interrupt));
  const file = await login({host, ...answers}, files, interrupt);
  if (file !== undefined) {
    io.stderr.write(
      `warning: the password is kept unencrypted in ${file}; a credential helper (credsStore) would encrypt it\n`,
    );
  }
  io.stdout.write('Login Succeeded\n');
  return exitCodes.ok;
};

function checkFlags(flags: FlagValues): void {
  if (!flags.has('password-stdin')) return;
  if (flags.last('password') !== undefined) {
    throw buildError('usage', 'cli-bad-value', '--password and --password-stdin exclude each other');
  }
  if (!flags.last('username')) {
    throw buildError('usage', 'cli-bad-value', 'login needs a user where the password is on standard input', {
      hints: ['give it with --username USER'],
    });
  }
}

interface Answers {
  readonly username: string;
  readonly password: string;
}

async function answersOf(
  {flags, io, interrupt}: CommandCall,
  knownUser: () => Promise<string | undefined>,
): Promise<Answers> {
  const given = {username: flags.last('username'), password: flags.last('password')};
  if (given.password !== undefined) {
    io.stderr.write('warning: others can see a password of the command line; use --password-stdin\n');
  }
  if (flags.has('password-stdin')) {
    // One line end is the shell's, further ones may be the password's.
    given.password = (await readAll(io.stdin)).toString('utf8').replace(/\r?\n$/, '');
  } else if (!(given.username && given.password) && io.stdin.isTTY === true) {
    const {TerminalQuestions} = await import('./terminal-questions.ts');
    const questions = new TerminalQuestions(io, interrupt);
    if (!given.username) {
      const known = await knownUser();
      const answer = await questions.line(known === undefined ? 'Username: ' : `Username (${known}): `);
      given.username = answer.trim() || known;
    }
    if (given.username && !given.password) given.password = await questions.secret('Password: ');
  }
  const {username, password} = given;
  if (!username) throw missing('user', 'give it with --username USER');
  if (password) return {username, password};
  throw missing(
    'password',
    'give it on standard input: tsbuild login -u USER --password-stdin SERVER < FILE',
  );
}

function missing(what: string, hint: string): Error {
  return buildError('usage', 'cli-bad-value', `login needs a ${what}`, {hints: [hint]});
}
