// `tsbuild history IMAGE`: the steps of an image with the sizes of their layers, newest first, in docker's columns.

import {buildError} from '../../../diagnostics/build-error.ts';
import {chosenImage, matchImage} from '../../../image/match-image.ts';
import type {ImageDetails} from '../../../store/image-store.ts';
import {type Clock, systemClock} from '../../../util/clock.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {ageText, sizeText} from '../../format/figures.ts';
import {rowPrinter} from '../../format/print.ts';
import type {FormatObject} from '../../format/value.ts';
import {platformFlag} from '../../platform-flag.ts';
import type {Act} from '../command.ts';
import {shownId} from '../images/image-rows.ts';
import {withImages} from '../with-images.ts';

const headings = {
  ID: 'IMAGE',
  CreatedAt: 'CREATED AT',
  CreatedSince: 'CREATED',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
};
const missing = '<missing>';
const createdByWidth = 45;

export const showImageHistory: Act = async ({flags, operands, io}) => {
  const [operand, surplus] = operands;
  if (operand === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `history needs exactly one IMAGE, got ${operands.length}`);
  }
  const isHuman = flags.last('human') !== 'false';
  const created = isHuman ? '{{.CreatedSince}}' : '{{.CreatedAt}}';
  const table = `{{.ID}}\t${created}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`;
  const print = rowPrinter(flags.last('format'), {table, headings});
  const platform = platformFlag(flags);
  return withImages(flags, io, async (store) => {
    const image = chosenImage(matchImage(await store.list(), operand), operand, platform);
    const rows = historyRows(image, flags, systemClock);
    io.stdout.write(flags.has('quiet') ? rows.map(({ID}) => `${String(ID)}\n`).join('') : print(rows));
    return exitCodes.ok;
  });
};

function historyRows(image: ImageDetails, flags: FlagValues, clock: Clock): FormatObject[] {
  const truncate = !flags.has('no-trunc');
  const isHuman = flags.last('human') !== 'false';
  let layer = 0;
  const rows = (image.config.history ?? []).map((entry) => {
    const size = entry.empty_layer === true ? 0 : (image.content.layers[layer++]?.size ?? 0);
    const told = Date.parse(entry.created ?? '');
    return {
      ID: missing,
      CreatedAt: Number.isNaN(told) ? '' : `${new Date(told).toISOString().slice(0, 19)}Z`,
      CreatedSince: Number.isNaN(told) ? 'N/A' : ageText(clock.nowMs() - told),
      CreatedBy: shownInstruction(entry.created_by ?? '', truncate),
      Size: isHuman ? sizeText(size) : String(size),
      Comment: entry.comment ?? '',
    };
  });
  return rows.toReversed().map((row, index) => (index === 0 ? {...row, ID: shownId(image, truncate)} : row));
}

/** On one line, as long as docker shows it. */
export function shownInstruction(createdBy: string, truncate: boolean): string {
  const text = createdBy.replaceAll(/\s+/g, ' ');
  return truncate && text.length > createdByWidth ? `${text.slice(0, createdByWidth - 1)}…` : text;
}
