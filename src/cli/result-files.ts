// What a build leaves for scripts: --iidfile, --metadata-file, and the image ID that -q prints. Written only when the
// build succeeded, each in one piece.

import {randomBytes} from 'node:crypto';
import {rename, rm, writeFile} from 'node:fs/promises';
import type {BuildResult, ImageProvenance} from '../build/request.ts';
import {buildError} from '../diagnostics/build-error.ts';
import type {ExportResult} from '../exporters/exporter.ts';
import type {Digest} from '../oci/digest.ts';
import {formatPlatform} from '../oci/platform.ts';
import type {BuildEvent, StepUsage} from '../progress/events.ts';

/** The image ID, docker's sense: the digest of the config, or of the index of several platforms. */
export function imageIdOf(result: BuildResult): Digest | undefined {
  const indexDigest = result.exports.find(({imageDigest}) => imageDigest !== undefined)?.imageDigest;
  return configDigestOf(result) ?? indexDigest;
}

function configDigestOf({exports}: BuildResult): Digest | undefined {
  return exports.find(({configDigest}) => configDigest !== undefined)?.configDigest;
}

export interface StepCost extends StepUsage {
  readonly name: string;
  /** It did not run: this is what it used when it did. */
  readonly cached: boolean;
}

/** What a step used whose end the event tells; undefined when there was no process. */
export function costOf(event: BuildEvent): StepCost | undefined {
  if (event.type !== 'step-finished' || event.usage === undefined) return undefined;
  return {name: event.name, cached: event.outcome === 'cached', ...event.usage};
}

/** buildx's keys, and our own (docs/formats/metadata-file.md). */
export async function metadataText(
  result: BuildResult,
  names: readonly string[],
  steps: readonly StepCost[],
): Promise<string> {
  const image: ExportResult | undefined =
    result.exports.find(({descriptor}) => descriptor !== undefined) ?? result.exports[0];
  const configDigest = configDigestOf(result);
  const imageDigest = image?.imageDigest ?? result.imageDigest;
  const metadata = {
    ...(configDigest === undefined ? {} : {'containerimage.config.digest': configDigest}),
    ...provenanceMembers(await result.provenance()),
    ...(image?.descriptor === undefined ? {} : {'containerimage.descriptor': image.descriptor}),
    ...(imageDigest === undefined ? {} : {'containerimage.digest': imageDigest}),
    ...(names.length === 0 ? {} : {'image.name': names.join(',')}),
    ...(steps.length === 0 ? {} : {'tsbuild.steps': steps}),
  };
  return `${JSON.stringify(metadata, null, 2)}\n`;
}

/** One image's stands under the bare key; of several platforms each has its own, as buildx has it. */
function provenanceMembers(provenance: readonly ImageProvenance[]): Record<string, object> {
  const key = 'buildx.build.provenance';
  const [first] = provenance;
  if (provenance.length === 1 && first !== undefined) return {[key]: first.predicate};
  return Object.fromEntries(
    provenance.map(({platform, predicate}) => [`${key}/${formatPlatform(platform)}`, predicate]),
  );
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
