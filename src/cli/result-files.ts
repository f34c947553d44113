// What a build leaves for scripts: --iidfile, --metadata-file, and the image ID that -q prints. Written only when the
// build succeeded, each in one piece.

import {randomBytes} from 'node:crypto';
import {rename, rm, writeFile} from 'node:fs/promises';
import type {BuildResult} from '../build/request.ts';
import {buildError} from '../diagnostics/build-error.ts';
import type {ExportResult} from '../exporters/exporter.ts';
import type {Digest} from '../oci/digest.ts';

/** The image ID, docker's sense: the digest of the config, or of the index of several platforms. */
export function imageIdOf(result: BuildResult): Digest | undefined {
  const indexDigest = result.exports.find(({imageDigest}) => imageDigest !== undefined)?.imageDigest;
  return configDigestOf(result) ?? indexDigest;
}

function configDigestOf({exports}: BuildResult): Digest | undefined {
  return exports.find(({configDigest}) => configDigest !== undefined)?.configDigest;
}

/** buildx's keys. */
export function metadataText(result: BuildResult, names: readonly string[]): string {
  const image: ExportResult | undefined =
    result.exports.find(({descriptor}) => descriptor !== undefined) ?? result.exports[0];
  const configDigest = configDigestOf(result);
  const imageDigest = image?.imageDigest ?? result.imageDigest;
  const metadata = {
    ...(configDigest === undefined ? {} : {'containerimage.config.digest': configDigest}),
    ...(image?.descriptor === undefined ? {} : {'containerimage.descriptor': image.descriptor}),
    ...(imageDigest === undefined ? {} : {'containerimage.digest': imageDigest}),
    ...(names.length === 0 ? {} : {'image.name': names.join(',')}),
  };
  return `${JSON.stringify(metadata, null, 2)}\n`;
}

/** Writes `text` to `path` so that a reader sees the old file or the new one, never a part. */
export async function writeResultFile(flag: string, path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, {force: true});
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw buildError('user', 'cli-result-file', `${flag} ${path} cannot be written: ${code}`, {cause: error});
  }
}
