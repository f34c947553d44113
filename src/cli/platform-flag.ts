// --platform of commands that choose one image of an index.

import {buildError} from '../diagnostics/build-error.ts';
import {type Platform, parsePlatform} from '../oci/platform.ts';
import type {FlagValues} from './flag-values.ts';

export function platformFlag(flags: FlagValues): Platform | undefined {
  const text = flags.last('platform');
  if (text === undefined) return undefined;
  const platform = parsePlatform(text);
  if ('problem' in platform) throw buildError('usage', 'cli-bad-value', `--platform ${platform.problem}`);
  return platform;
}
