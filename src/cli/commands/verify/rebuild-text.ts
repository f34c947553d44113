// How `verify --rebuild` tells what it found: layer by layer, file by file, and what it may come from.

import type {BuildRequest} from '../../../build/request.ts';
import type {BuildComparison, FileDifference, LayerDifference} from '../../../image/compare-builds.ts';

export interface PlatformComparison extends BuildComparison {
  readonly platform: string;
}

const marks = {added: '+', changed: '~', removed: '-'} as const;

export function rebuildText(images: readonly PlatformComparison[], reasons: readonly string[]): string {
  const texts = images.map(imageText);
  return `${texts.join('')}${reasons.map((reason) => `note: ${reason}\n`).join('')}`;
}

function imageText({platform, digests: [a, b], config, layers}: PlatformComparison): string {
  if (a === b) return `ok: ${platform} is ${a} both times\n`;
  const lines = [`${platform} is ${a} and then ${b}`];
  for (const layer of layers) {
    lines.push(`layer ${layer.number} (${inOneLine(layer.createdBy)}): ${layerText(layer)}`);
    lines.push(...layer.files.map(fileText));
  }
  if (config.length > 0) lines.push('config:');
  for (const {what, name, details} of config)
    lines.push(`  ${marks[what]} ${name}   (${details.join(', ')})`);
  return `${lines.join('\n')}\n`;
}

function layerText({what, files}: LayerDifference): string {
  switch (what) {
    case 'added':
      return 'only the second build has it';
    case 'removed':
      return 'only the first build has it';
    case 'order':
      return 'the same files in another order';
    case 'form':
      return 'the same files, packed in another way';
    case 'contents':
      return files.length === 1 ? '1 file differs' : `${files.length} files differ`;
  }
}

function fileText({path, what, details, firstByte}: FileDifference): string {
  const told = [...details];
  if (firstByte !== undefined) {
    const [a, b] = firstByte.bytes.map((byte) => {
      return byte === undefined ? 'the end' : `0x${byte.toString(16).padStart(2, '0')}`;
    });
    told.push(`first differing byte ${firstByte.offset}: ${a} -> ${b}`);
  }
  return `  ${marks[what]} ${path}${told.length === 0 ? '' : `   (${told.join(', ')})`}`;
}

export interface Rebuilt {
  readonly request: Pick<BuildRequest, 'buildArgs' | 'environment'>;
  /** The second context had newer files. */
  readonly isTouched: boolean;
}

/** Where the differences come from, as far as that can be told from outside. */
export function reasonsOf(
  images: readonly PlatformComparison[],
  {request: {buildArgs, environment}, isTouched}: Rebuilt,
): readonly string[] {
  const reasons: string[] = [];
  const isDated = images.some(({config}) => config.some(({name}) => /(?:^|\.)created$/.test(name)));
  if (isDated && !(buildArgs['SOURCE_DATE_EPOCH'] ?? environment['SOURCE_DATE_EPOCH'])) {
    reasons.push('an image says when it was built: --build-arg SOURCE_DATE_EPOCH=SECONDS says it for it');
  }
  const layers = images.flatMap((image) => image.layers).filter(({files}) => files.length > 0);
  const isOfTime = ({what, details}: FileDifference): boolean =>
    what === 'changed' && details.every((detail) => detail.startsWith('time '));
  if (isTouched && layers.some(({files}) => files.some(isOfTime))) {
    reasons.push(
      'copied files keep their times, and what steps write is as new as what they found: with SOURCE_DATE_EPOCH, -o type=image,rewrite-timestamp=true makes no file younger than it',
    );
  }
  for (const {number, createdBy, files} of layers) {
    if (isTouched && files.every(isOfTime)) continue;
    reasons.push(
      `layer ${number} (${inOneLine(createdBy)}) depends on more than its inputs: on the time of day, random numbers, the network, or the order of its processes`,
    );
  }
  return reasons;
}

function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
