// `tsbuild layers IMAGE`.

import {buildError} from '../../../diagnostics/build-error.ts';
import {HistoryStore} from '../../../history/history-store.ts';
import {linesOfHistory} from '../../../history/layer-lines.ts';
import type {Change} from '../../../image/file-tree.ts';
import {makerPlace} from '../../../image/layer-maker.ts';
import {type LayerReport, layerReports} from '../../../image/layer-report.ts';
import {chosenImage, matchImage} from '../../../image/match-image.ts';
import {formatPlatform} from '../../../oci/platform.ts';
import {LocalBlobStore} from '../../../store/blob-store.ts';
import type {ImageDetails} from '../../../store/image-store.ts';
import {exitCodes} from '../../exit-codes.ts';
import {sizeText} from '../../format/figures.ts';
import {rowPrinter} from '../../format/print.ts';
import type {FormatObject} from '../../format/value.ts';
import {platformFlag} from '../../platform-flag.ts';
import type {Act} from '../command.ts';
import {shownInstruction} from '../history/image-history.ts';
import {withImages} from '../with-images.ts';

const headings = {
  Layer: 'LAYER',
  DiffID: 'DIFF ID',
  Digest: 'DIGEST',
  Size: 'SIZE',
  Unpacked: 'UNPACKED',
  Added: 'ADDED',
  Changed: 'CHANGED',
  Removed: 'REMOVED',
  Wasted: 'WASTED',
  Repeated: 'REPEATED',
  Line: 'LINE',
  CreatedBy: 'CREATED BY',
  Changes: 'CHANGES',
};
const columns = [
  'Layer',
  'Size',
  'Unpacked',
  'Added',
  'Changed',
  'Removed',
  'Wasted',
  'Repeated',
  'Line',
  'CreatedBy',
];
const marks: Readonly<Record<Change['what'], string>> = {added: '+', changed: '~', removed: '-'};

export const showLayers: Act = async ({flags, operands, io, interrupt}) => {
  const [operand, surplus] = operands;
  if (operand === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `layers needs exactly one IMAGE, got ${operands.length}`);
  }
  const table = columns.map((name) => `{{.${name}}}`).join('\t');
  const print = rowPrinter(flags.last('format'), {table, headings});
  const platform = platformFlag(flags);
  const format = flags.last('format') ?? '';
  const withChanges = flags.has('files') || (format !== '' && format !== 'table');
  const truncate = !flags.has('no-trunc');
  return withImages(flags, io, async (store, root) => {
    const image = chosenImage(matchImage(await store.list(), operand), operand, platform);
    const lines = linesOf(image, root);
    const reports = await layerReports(image, new LocalBlobStore(root), {withChanges, signal: interrupt});
    io.stdout.write(
      print(reports.map((report, index) => rowOf(report, index + 1, lines[index] ?? '', truncate))),
    );
    if (!flags.has('files')) return exitCodes.ok;
    for (const [index, report] of reports.entries()) io.stdout.write(filesText(report, index));
    return exitCodes.ok;
  });
};

/** Of each layer, as the newest build here has it that made the image. */
function linesOf(
  {configDigest, root: {digest}, config, platform}: ImageDetails,
  root: string,
): readonly (string | undefined)[] {
  for (const record of new HistoryStore(root).records()) {
    // Of several platforms what is recorded is their index.
    if (record.imageDigest !== configDigest && record.imageDigest !== digest) continue;
    const lines = linesOfHistory(config.history ?? [], record, formatPlatform(platform));
    return config.rootfs.diff_ids.map((_, layer) => lines[makerPlace(config, layer)]);
  }
  return [];
}

function rowOf(report: LayerReport, number: number, line: string, truncate: boolean): FormatObject {
  return {
    Layer: number,
    DiffID: report.diffId,
    Digest: report.digest,
    Size: sizeText(report.size),
    Unpacked: sizeText(report.unpackedBytes),
    Added: report.counts.added,
    Changed: report.counts.changed,
    Removed: report.counts.removed,
    Wasted: sizeText(report.wastedBytes),
    Repeated: sizeText(report.repeatedBytes),
    Line: line,
    CreatedBy: shownInstruction(report.createdBy, truncate),
    Changes: report.changes.map((change) => ({...change})),
  };
}

function filesText({changes, createdBy}: LayerReport, index: number): string {
  const lines = changes.map(({path, what, size, hides, repeats}) => {
    const notes = [
      ...(what === 'removed' || size === 0 ? [] : [sizeText(size)]),
      ...(repeats ? ['same content as below'] : hides > 0 ? [`hides ${sizeText(hides)}`] : []),
    ];
    return `  ${marks[what]} /${path}${notes.length === 0 ? '' : `   (${notes.join(', ')})`}\n`;
  });
  return `\nlayer ${index + 1}: ${shownInstruction(createdBy, false)}\n${lines.join('')}`;
}
