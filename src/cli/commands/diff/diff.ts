// `tsbuild diff A B`.

import {buildError} from '../../../diagnostics/build-error.ts';
import {compareImages, type Difference} from '../../../image/compare-images.ts';
import {chosenImage, matchImage} from '../../../image/match-image.ts';
import {LocalBlobStore} from '../../../store/blob-store.ts';
import {exitCodes} from '../../exit-codes.ts';
import {chosenFormat} from '../../format/flag.ts';
import {platformFlag} from '../../platform-flag.ts';
import type {Act} from '../command.ts';
import {withImages} from '../with-images.ts';

const titles: readonly (readonly [Difference['part'], string])[] = [
  ['config', 'config'],
  ['history', 'history'],
  ['layer', 'layers'],
  ['file', 'files'],
];
const marks: Readonly<Record<Difference['what'], string>> = {added: '+', changed: '~', removed: '-'};

export const diffImages: Act = async ({flags, operands, io, interrupt}) => {
  const [first, second, surplus] = operands;
  if (first === undefined || second === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `diff needs two images, got ${operands.length}`);
  }
  const format = chosenFormat(flags, ['text', 'json']);
  const platform = platformFlag(flags);
  return withImages(flags, io, async (store, root) => {
    const all = await store.list();
    const a = chosenImage(matchImage(all, first), first, platform);
    const b = chosenImage(matchImage(all, second), second, platform);
    const found = await compareImages(a, b, new LocalBlobStore(root), interrupt);
    io.stdout.write(format === 'json' ? `${JSON.stringify(found, null, 2)}\n` : textOf(found));
    return flags.has('exit-code') && found.length > 0 ? exitCodes.failed : exitCodes.ok;
  });
};

function textOf(found: readonly Difference[]): string {
  return titles
    .map(([part, title]) => {
      const lines = found
        .filter((one) => one.part === part)
        .map(({what, name, details}) => {
          const told = details.length === 0 ? '' : `   (${details.join(', ')})`;
          return `  ${marks[what]} ${name.replaceAll(/\s+/g, ' ')}${told}\n`;
        });
      return lines.length === 0 ? '' : `${title}:\n${lines.join('')}`;
    })
    .join('');
}
