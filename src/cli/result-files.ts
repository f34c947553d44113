// What a build leaves for scripts: --iidfile, --metadata-file, and the image ID that -q prints. Written only when the
// build succeeded, each in one piece.

import {randomBytes} from 'node:crypto';
import {constants} from 'node:fs';
import {access, rename, rm, stat, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {pipeline} from 'node:stream/promises';
import type {BuildResult, ImageProvenance} from '../build/request.ts';
import {type BuildError, buildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {ExportResult} from '../exporters/exporter.ts';
import type {Digest} from '../oci/digest.ts';
import {formatPlatform} from '../oci/platform.ts';
import type {BuildEvent, StepUsage} from '../progress/events.ts';
import {vertexWarning} from '../progress/vertex-warning.ts';
import {openGivenPipe} from '../store/given-file.ts';
import {refusalText} from '../util/error-text.ts';

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

export interface ToldOfBuild {
  /** Of its record in the history. */
  readonly id: string;
  /** As the user gave them. */
  readonly names: readonly string[];
  readonly steps: readonly StepCost[];
  readonly warnings: readonly Diagnostic[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** BUILDX_METADATA_PROVENANCE; undefined: none is wanted. Throws BuildError('usage') for what means nothing. */
export function provenanceModeOf(environment: ToldOfBuild['environment']): 'min' | 'max' | undefined {
  const text = environment['BUILDX_METADATA_PROVENANCE'] || 'min';
  if (text === 'min' || text === 'max') return text;
  if (['disabled', 'false', '0'].includes(text)) return undefined;
  const message = `BUILDX_METADATA_PROVENANCE expects min, max or disabled, got "${text}"`;
  throw buildError('usage', 'cli-bad-value', message);
}

function wantsWarnings(environment: ToldOfBuild['environment']): boolean {
  return ['1', 't', 'true'].includes((environment['BUILDX_METADATA_WARNINGS'] ?? '').toLowerCase());
}

/** buildx's keys, and our own (docs/formats/metadata-file.md). */
export async function metadataText(result: BuildResult, told: ToldOfBuild): Promise<string> {
  const {names, steps, environment} = told;
  const mode = provenanceModeOf(environment);
  const image: ExportResult | undefined =
    result.exports.find(({descriptor}) => descriptor !== undefined) ?? result.exports[0];
  const configDigest = configDigestOf(result);
  const imageDigest = image?.imageDigest ?? result.imageDigest;
  const warnings = told.warnings.map(vertexWarning);
  const metadata = {
    'buildx.build.ref': `tsbuild/tsbuild0/${told.id}`,
    ...(wantsWarnings(environment) && warnings.length > 0 ? {'buildx.build.warnings': warnings} : {}),
    ...(configDigest === undefined ? {} : {'containerimage.config.digest': configDigest}),
    ...(mode === undefined ? {} : provenanceMembers(await result.provenance(mode))),
    ...(image?.descriptor === undefined ? {} : {'containerimage.descriptor': image.descriptor}),
    ...(imageDigest === undefined ? {} : {'containerimage.digest': imageDigest}),
    ...(names.length === 0 || image?.descriptor === undefined ? {} : {'image.name': names.join(',')}),
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

/**
 * Throws BuildError where such a file could not be written as things are: after the build it would be too late. `made`
 * are directories that the build will make.
 */
export async function checkResultFile(
  flag: string,
  path: string,
  made: readonly string[] = [],
): Promise<void> {
  const directory = dirname(path);
  if (!(await stat(directory).catch(() => undefined))?.isDirectory()) {
    if (made.some((one) => `${directory}/`.startsWith(`${one}/`))) return;
    throw unwritable(flag, path, `no directory ${directory}`);
  }
  try {
    await access((await isSpecial(path)) ? path : directory, constants.W_OK);
  } catch (error) {
    throw unwritable(flag, path, refusalText(error), error);
  }
}

/** As docker does: no script shall take what a build before left for this one's. */
export async function removeResultFile(path: string): Promise<void> {
  if (!(await isSpecial(path))) await rm(path, {force: true});
}

/** Writes `text` to `path` so that a reader sees the old file or the new one, never a part; a pipe when it is read. */
export async function writeResultFile(
  flag: string,
  path: string,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    if ((await stat(path).catch(() => undefined))?.isFIFO())
      await pipeline([text], await openGivenPipe(path, signal));
    else if (await isSpecial(path)) await writeFile(path, text);
    else await replaceFile(path, text);
  } catch (error) {
    throw unwritable(flag, path, refusalText(error), error);
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, {force: true});
    throw error;
  }
}

/**
 * A device or a pipe is written to and not replaced, nor is what stands for a stream, such as /dev/stdout, which is a
 * link and may lead to a file. Throws where it is a directory.
 */
async function isSpecial(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw Object.assign(new Error('a directory'), {code: 'EISDIR'});
  return found !== undefined && (!found.isFile() || /^\/(dev\/(fd|std\w+)|proc\/)/.test(path));
}

function unwritable(flag: string, path: string, why: string, cause?: unknown): BuildError {
  return buildError('user', 'cli-result-file', `${flag} ${path} cannot be written: ${why}`, {cause});
}
