// Which places a command line means: the state directory and the configuration file.

import {homedir} from 'node:os';
import {join, resolve} from 'node:path';
import type {FlagValues} from './flag-values.ts';
import type {CliIo} from './io.ts';

/** --root, $TSBUILD_ROOT, /var/lib/tsbuild for root, $XDG_DATA_HOME/tsbuild for everyone else. */
export function stateRootOf(flags: FlagValues, io: CliIo): string {
  return stateRootFor(flags.last('root'), io);
}

/** The same for the value of --root. */
export function stateRootFor(given: string | undefined, {env, cwd}: Pick<CliIo, 'env' | 'cwd'>): string {
  const chosen = given || env['TSBUILD_ROOT'];
  if (chosen) return resolve(cwd, chosen);
  if (process.getuid?.() === 0) return '/var/lib/tsbuild';
  const data = env['XDG_DATA_HOME'] || join(env['HOME'] || homedir(), '.local/share');
  return join(data, 'tsbuild');
}

/** Both, as the engine takes them. */
export function placesOf(
  flags: FlagValues,
  io: CliIo,
): {readonly root: string; readonly configFile: string | undefined} {
  return {root: stateRootOf(flags, io), configFile: configFileOf(flags, io)};
}

/** --config, or $TSBUILD_CONFIG, as an absolute path; undefined: the usual places. */
export function configFileOf(flags: FlagValues, {env, cwd}: CliIo): string | undefined {
  const path = flags.last('config') || env['TSBUILD_CONFIG'];
  return path ? resolve(cwd, path) : undefined;
}
