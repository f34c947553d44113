// `tsbuild import FILE|URL|- [NAME[:TAG]]`.

import {resolve} from 'node:path';
import type {ImportSource} from '../../../build/import/import-image.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import {exitCodes} from '../../exit-codes.ts';
import {taggedName} from '../../image-name.ts';
import type {CliIo} from '../../io.ts';
import {givenPlatform} from '../../platform-flag.ts';
import type {Act} from '../command.ts';
import {inputOf} from '../load/load.ts';
import {transferring} from '../transferring.ts';

export const importFiles: Act = async (call) => {
  const {flags, operands, io} = call;
  const [place, name, surplus] = operands;
  if (place === undefined || surplus !== undefined) {
    throw buildError(
      'usage',
      'cli-operands',
      `import needs FILE|URL|- and maybe a NAME, got ${operands.length} words`,
    );
  }
  const request = {
    source: sourceOf(place, io, call.interrupt),
    shown: place,
    names: name === undefined || name === '' ? [] : [taggedName(name)],
    changes: flags.all('change'),
    message: flags.last('message'),
    platform: givenPlatform(flags, io),
    epochSeconds: epochOf(io),
  };
  const {importImage} = await import('../../../build/import/import-image.ts');
  const id = await transferring(call, (transfer) => importImage(request, transfer));
  io.stdout.write(`${id}\n`);
  return exitCodes.ok;
};

function sourceOf(place: string, io: CliIo, interrupt: AbortSignal): ImportSource {
  if (place === '-') return {type: 'stream', bytes: inputOf('-', io, interrupt)};
  if (/^https?:\/\//.test(place)) return {type: 'url', url: place};
  return {type: 'file', path: resolve(io.cwd, place)};
}

function epochOf({env}: CliIo): number | undefined {
  const text = env['SOURCE_DATE_EPOCH'];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw buildError('usage', 'cli-bad-value', `SOURCE_DATE_EPOCH is no number of seconds: "${text}"`);
}
