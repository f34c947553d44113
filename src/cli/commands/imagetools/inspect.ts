// `tsbuild imagetools inspect NAME`: the text for people is buildx's, line by line.

import {type RemoteRoot, remoteImages, remoteRoot} from '../../../build/transfer/remote-image.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import type {IndexEntry} from '../../../oci/join-index.ts';
import {formatPlatform} from '../../../oci/platform.ts';
import {normalisedName, type Reference, repositoryName} from '../../../oci/reference.ts';
import {exitCodes} from '../../exit-codes.ts';
import {templatePrinter} from '../../format/print.ts';
import {imageReference} from '../../image-name.ts';
import type {Act} from '../command.ts';
import {transferring} from '../transferring.ts';
import {remoteFields} from './remote-fields.ts';

export const inspectRemote: Act = async (call) => {
  const {flags, operands, io} = call;
  const [operand, surplus] = operands;
  if (operand === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `imagetools inspect needs one NAME, got ${operands.length}`);
  }
  const format = flags.last('format') || '{{.Manifest}}';
  if (flags.has('raw') && flags.last('format') !== undefined) {
    throw buildError('usage', 'cli-bad-value', '--raw and --format exclude each other');
  }
  const print = templatePrinter(format);
  const reference = imageReference(operand);
  await transferring(call, async (transfer) => {
    const root = await remoteRoot(reference, transfer);
    if (flags.has('raw')) io.stdout.write(Buffer.from(root.bytes));
    else if (/^\{\{\s*\.Manifest\s*\}\}$/.test(format)) io.stdout.write(textFor(reference, root));
    else {
      const asks = (fields: RegExp): boolean => fields.test(format) || !knownFields.test(format);
      const attested = asks(/\.(?:Provenance|SBOM)\b/);
      const images =
        attested || asks(/\.Image\b/) ? await remoteImages(reference, root, attested, transfer) : [];
      io.stdout.write(print(remoteFields(operand, root, images)));
    }
  });
  return exitCodes.ok;
};

/** A template that names none of them looks at all, as `{{json .}}` does. */
const knownFields = /\.(?:Name|Manifest|Image|Provenance|SBOM)\b/;

function textFor(reference: Reference, {descriptor, entries}: RemoteRoot): string {
  const head = columns('', [
    ['Name:', normalisedName(reference)],
    ['MediaType:', descriptor.mediaType],
    ['Digest:', descriptor.digest],
  ]);
  if (entries === undefined) return head;
  return `${head}\nManifests:\n${entries.map((entry) => entryText(reference, entry)).join('\n')}`;
}

function entryText(reference: Reference, entry: IndexEntry): string {
  const {platform, annotations = {}} = entry;
  const version = platform?.['os.version'];
  const lists: readonly (readonly [string, unknown])[] = [
    ['OSFeatures:', (platform as {readonly 'os.features'?: unknown} | undefined)?.['os.features']],
    ['URLs:', entry['urls']],
  ];
  const lines = [
    ['Name:', `${repositoryName(reference)}@${entry.digest}`],
    ['MediaType:', entry.mediaType],
    ...(platform === undefined ? [] : [['Platform:', formatPlatform(platform)]]),
    ...(version === undefined ? [] : [['OSVersion:', version]]),
    ...lists.flatMap(([name, list]) => (Array.isArray(list) ? [[name, list.join(', ')]] : [])),
  ];
  const said = Object.entries(annotations).map(([key, value]) => [`${key}:`, value]);
  return columns('  ', lines) + (said.length === 0 ? '' : `  Annotations:\n${columns('    ', said)}`);
}

function columns(margin: string, rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', value = '']) => `${margin}${name.padEnd(width)} ${value}\n`).join('');
}
