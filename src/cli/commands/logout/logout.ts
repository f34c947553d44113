// `tsbuild logout [SERVER]`.

import {exitCodes} from '../../exit-codes.ts';
import type {Act} from '../command.ts';
import {registryHost} from '../registry-host.ts';

export const logOut: Act = async ({operands, io, interrupt}) => {
  const host = registryHost(operands, 'logout');
  const {eraseLogin} = await import('../../../sources/registry/docker-logins.ts');
  const known = await eraseLogin(host, {environment: io.env, signal: interrupt});
  io.stdout.write(known ? `Removing login credentials for ${host}\n` : `Not logged in to ${host}\n`);
  return exitCodes.ok;
};
