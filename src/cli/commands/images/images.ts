// `tsbuild images`: the local image store as a table, as JSON lines or by a template.

import {buildError} from '../../../diagnostics/build-error.ts';
import type {ImageDetails} from '../../../store/image-store.ts';
import {byteOrder} from '../../../util/byte-order.ts';
import {systemClock} from '../../../util/clock.ts';
import {exitCodes} from '../../exit-codes.ts';
import {rowPrinter} from '../../format/print.ts';
import type {Act} from '../command.ts';
import {withImages} from '../with-images.ts';
import {filteredImages} from './filters.ts';
import {createdMsOf, imageHeadings, imageRow, shownId} from './image-rows.ts';

export const listImages: Act = async ({flags, operands, io}) => {
  const [operand, surplus] = operands;
  if (surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `images takes one REPOSITORY[:TAG], not ${operands.length}`);
  }
  const digest = flags.has('digests') ? '\t{{.Digest}}' : '';
  const table = `{{.Repository}}\t{{.Tag}}${digest}\t{{.ID}}\t{{.Platform}}\t{{.CreatedSince}}\t{{.Size}}`;
  const raw = rawFormat(flags.has('digests'));
  const print = rowPrinter(flags.last('format'), {table, raw, headings: imageHeadings});
  const truncate = !flags.has('no-trunc');
  return withImages(flags, io, async (store) => {
    const found = filteredImages(await store.list(), flags.all('filter'), operand);
    const images = newestFirst(found);
    if (flags.has('quiet')) {
      const ids = new Set(images.map((image) => shownId(image, truncate)));
      const word = flags.last('format') === 'raw' ? 'image_id: ' : '';
      io.stdout.write([...ids].map((id) => `${word}${id}\n`).join(''));
    } else {
      io.stdout.write(print(images.map((image) => imageRow(image, truncate, systemClock))));
    }
    return exitCodes.ok;
  });
};

/** docker's words, a line each, and an empty one behind. */
function rawFormat(hasDigests: boolean): string {
  const fields = [
    'repository: {{.Repository}}',
    'tag: {{.Tag}}',
    ...(hasDigests ? ['digest: {{.Digest}}'] : []),
    'image_id: {{.ID}}',
    'created_at: {{.CreatedAt}}',
    'virtual_size: {{.Size}}',
  ];
  return fields.map((field) => `${field}\n`).join('');
}

/** The images of one index stay together, in its order: a name is as new as its newest image. */
function newestFirst(images: readonly ImageDetails[]): readonly ImageDetails[] {
  const newest = new Map<string, number>();
  for (const image of images) {
    newest.set(image.name, Math.max(newest.get(image.name) ?? 0, createdMsOf(image)));
  }
  const newestOf = ({name}: ImageDetails): number => newest.get(name) ?? 0;
  return images.toSorted((a, b) => newestOf(b) - newestOf(a) || byteOrder(a.name, b.name));
}
