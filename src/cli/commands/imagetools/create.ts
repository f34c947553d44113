// `tsbuild imagetools create`: everything is read and checked before a registry is asked.

import {readFile} from 'node:fs/promises';
import {resolve} from 'node:path';
import type {IndexRequest} from '../../../build/transfer/create-index.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import {type Annotation, annotationsOf} from '../../../exporters/annotations.ts';
import {ExportOptions} from '../../../exporters/export-options.ts';
import {type Platform, parsePlatform} from '../../../oci/platform.ts';
import {normalisedName, type Reference} from '../../../oci/reference.ts';
import {exitCodes} from '../../exit-codes.ts';
import {imageReference, taggedName} from '../../image-name.ts';
import {checkResultFile, writeResultFile} from '../../result-files.ts';
import {ValueReader} from '../../value-reader.ts';
import {parseAnnotation} from '../../values/annotation.ts';
import type {Act, CommandCall} from '../command.ts';
import {pushSigningKey} from '../sign/key-file.ts';
import {transferring} from '../transferring.ts';

export const createImage: Act = async (call) => {
  const {flags, io, interrupt} = call;
  const isDry = flags.has('dry-run');
  const tags = flags.all('tag').map((text) => imageReference(taggedName(text)));
  if (tags.length === 0 && !isDry) {
    throw buildError('usage', 'cli-bad-value', 'imagetools create needs a name to push to', {
      hints: ['give it with --tag NAME, or see with --dry-run what would be pushed'],
    });
  }
  const request = {...readRequest(call), sources: await sourcesOf(call, tags)};
  const signingKey = await pushSigningKey(flags, io, interrupt);
  const given = flags.last('metadata-file');
  const file = given === undefined || isDry ? undefined : resolve(io.cwd, given);
  if (file !== undefined) await checkResultFile('--metadata-file', file);
  const {combineIndex, pushIndex} = await import('../../../build/transfer/create-index.ts');
  const index = await transferring(call, async (transfer) => {
    const made = await combineIndex(request, transfer);
    if (!isDry) await pushIndex(made, {tags, signingKey}, transfer);
    return made;
  });
  if (isDry) io.stdout.write(`${Buffer.from(index.bytes).toString()}\n`);
  if (file !== undefined) {
    const metadata = {
      'containerimage.descriptor': index.descriptor,
      'containerimage.digest': index.descriptor.digest,
      'image.name': tags.map(normalisedName).join(','),
    };
    const text = `${JSON.stringify(metadata, null, 2)}\n`;
    await writeResultFile('--metadata-file', file, text, interrupt);
  }
  return exitCodes.ok;
};

function readRequest({flags}: CommandCall): Omit<IndexRequest, 'sources'> {
  const reader = new ValueReader(flags);
  const written = new Map(reader.each('annotation', parseAnnotation).flat());
  const platforms = flags
    .all('platform')
    .flatMap((text) => text.split(','))
    .flatMap((text): Platform[] => {
      const platform = parsePlatform(text.trim());
      if (!('problem' in platform)) return [platform];
      reader.report(`--platform: ${platform.problem}`);
      return [];
    });
  reader.throwProblems();
  const annotations = annotationsOf(new ExportOptions('index', written, {'annotation*': 'annotation'}));
  checkLevels(annotations);
  return {annotations, platforms, preferIndex: flags.last('prefer-index') !== 'false'};
}

function checkLevels(annotations: readonly Annotation[]): void {
  for (const {level, key} of annotations) {
    if (level === 'index' || level === 'manifest-descriptor') continue;
    const hint =
      level === 'manifest'
        ? 'an annotation in a manifest would change its digest; index:KEY=VALUE is one of the index'
        : 'nothing refers to the index that is made';
    throw buildError('usage', 'cli-bad-value', `--annotation ${key}: there is no ${level} to annotate`, {
      hints: [hint],
    });
  }
}

async function sourcesOf(
  {flags, operands, io}: CommandCall,
  tags: readonly Reference[],
): Promise<IndexRequest['sources']> {
  const files: string[] = [];
  for (const path of flags.all('file')) {
    try {
      files.push(await readFile(resolve(io.cwd, path), 'utf8'));
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      throw buildError('user', 'cli-bad-value', `--file ${path} cannot be read: ${reason}`, {cause: error});
    }
  }
  const texts = [...files, ...operands];
  if (texts.length === 0) {
    throw buildError('usage', 'cli-operands', 'imagetools create needs a SOURCE', {
      hints: ['a source is a name, a digest or a descriptor in JSON'],
    });
  }
  const [first] = tags;
  if (flags.has('append') && first !== undefined) texts.unshift(normalisedName(first));
  const {indexSources} = await import('../../../build/transfer/index-source.ts');
  return indexSources(texts, tags);
}
