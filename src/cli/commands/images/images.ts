// `tsbuild images`: the local image store as a table or as JSON lines.

import {buildError} from '../../../diagnostics/build-error.ts';
import {hexOf} from '../../../oci/digest.ts';
import {formatPlatform} from '../../../oci/platform.ts';
import {familiarName, isReferenceProblem, parseReference} from '../../../oci/reference.ts';
import type {ImageDetails} from '../../../store/image-store.ts';
import {type Clock, systemClock} from '../../../util/clock.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import type {CliIo} from '../../io.ts';
import {stateRootOf} from '../../state-root.ts';

export async function runImages(
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const format = flags.last('format') ?? 'table';
  if (operands.length > 0) throw buildError('usage', 'cli-operands', 'images takes no operands');
  if (format !== 'table' && format !== 'json') {
    throw buildError('usage', 'cli-bad-value', `--format expects table or json, got "${format}"`);
  }
  const {openImageStore} = await import('../../../store/image-store.ts');
  const store = openImageStore(stateRootOf(flags, io));
  try {
    const images = await store.list();
    const id = (image: ImageDetails): string =>
      flags.has('no-trunc') ? image.configDigest : hexOf(image.configDigest).slice(0, 12);
    if (flags.has('quiet')) {
      const ids = new Set(images.map(id));
      io.stdout.write([...ids].map((text) => `${text}\n`).join(''));
    } else if (format === 'json') {
      io.stdout.write(images.map((image) => `${JSON.stringify(imageJson(image))}\n`).join(''));
    } else {
      io.stdout.write(imageTable(images, id, systemClock));
    }
  } finally {
    store[Symbol.dispose]();
  }
  return exitCodes.ok;
}

function imageJson(image: ImageDetails): object {
  return {
    name: image.name,
    id: image.configDigest,
    digest: image.manifest.digest,
    ...(image.root.digest === image.manifest.digest ? {} : {index: image.root.digest}),
    platform: formatPlatform(image.platform),
    created: new Date(image.createdAtMs).toISOString(),
    size: image.sizeBytes,
  };
}

export function imageTable(
  images: readonly ImageDetails[],
  id: (image: ImageDetails) => string,
  clock: Clock,
): string {
  const rows = images.map((image) => {
    const {repository, tag} = nameParts(image.name);
    const age = ageText(clock.nowMs() - image.createdAtMs);
    return [repository, tag, id(image), formatPlatform(image.platform), age, sizeText(image.sizeBytes)];
  });
  const table = [['REPOSITORY', 'TAG', 'IMAGE ID', 'PLATFORM', 'CREATED', 'SIZE'], ...rows];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}

function nameParts(name: string): {repository: string; tag: string} {
  const none = {repository: '<none>', tag: '<none>'};
  const reference = parseReference(name);
  if (isReferenceProblem(reference)) return none;
  const {tag, ...untagged} = reference;
  const {digest: _, ...repository} = untagged;
  return {repository: familiarName(repository), tag: tag ?? '<none>'};
}

/** `3 hours ago`, in docker's manner: one unit, rounded down. */
export function ageText(milliseconds: number): string {
  const units: readonly [name: string, seconds: number][] = [
    ['year', 365 * 86_400],
    ['month', 30 * 86_400],
    ['week', 7 * 86_400],
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
    ['second', 1],
  ];
  const seconds = Math.floor(milliseconds / 1000);
  const unit = units.find(([, length]) => seconds >= length);
  if (unit === undefined) return 'just now';
  const count = Math.floor(seconds / unit[1]);
  return `${count} ${unit[0]}${count === 1 ? '' : 's'} ago`;
}

/** Decimal units, as docker prints sizes: `7.05MB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? size : Number(size.toPrecision(3))}${units[unit]}`;
}
