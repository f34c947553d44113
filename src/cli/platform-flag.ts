// --platform of commands that are about one image.

import {buildError} from '../diagnostics/build-error.ts';
import {hostPlatform, type Platform, parsePlatform} from '../oci/platform.ts';
import type {FlagValues} from './flag-values.ts';
import type {CliIo} from './io.ts';

/** What is chosen of an index; undefined: nothing is said. */
export function platformFlag(flags: FlagValues): Platform | undefined {
  const text = flags.last('platform');
  return text === undefined ? undefined : platformOf(text);
}

/** Whether the user says which platform it is to be. */
export function asksForPlatform(flags: FlagValues, {env}: CliIo): boolean {
  return Boolean(flags.last('platform') || env['DOCKER_DEFAULT_PLATFORM']);
}

/** What is fetched or made: the flag, or else the environment, or else this machine. */
export function givenPlatform(flags: FlagValues, {env}: CliIo): Platform {
  const text = flags.last('platform') || env['DOCKER_DEFAULT_PLATFORM'] || '';
  return text === '' || text === 'local' ? hostPlatform() : platformOf(text);
}

function platformOf(text: string): Platform {
  const platform = parsePlatform(text);
  if ('problem' in platform) throw buildError('usage', 'cli-bad-value', `--platform ${platform.problem}`);
  return platform;
}
