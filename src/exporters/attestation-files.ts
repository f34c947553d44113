// Attestations of a result that is written as files: BuildKit's provenance.json and sbom.spdx.json, in-toto statements
// about every regular file beside them. Nothing in the result can lead a write elsewhere: each comes by a rename.

import {randomBytes} from 'node:crypto';
import {mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {viewArguments} from '../helper/helper.ts';
import {isRegularFile, ScanDecoder} from '../tree/record.ts';
import {statementOf} from './attestation-manifest.ts';
import type {ExportOptions} from './export-options.ts';
import type {ExportContext} from './exporter.ts';
import type {FileSystem} from './platform-split.ts';

export const prefixOption = {
  'attestation-prefix': 'what the names of files with attestations begin with, before provenance.json',
} as const;

export interface AttestationFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface AttestationNaming {
  readonly prefix: string;
  /** Of a build for a list of platforms. */
  readonly isList: boolean;
}

/** Throws BuildError('usage') on one that is no part of a name. */
export function attestationPrefixOf(options: ExportOptions): string {
  const prefix = options.text('attestation-prefix') ?? '';
  if (/[/\0]/.test(prefix))
    throw options.problem('takes the beginning of a name as attestation-prefix, no path');
  return prefix;
}

/** What is attested of one file system and has a file of its own; none where nothing is. */
export async function attestationFiles(
  {image, view, directory, platform}: FileSystem,
  {prefix, isList}: AttestationNaming,
  context: ExportContext,
): Promise<readonly AttestationFile[]> {
  // No layer is made for them: nothing of an image goes out.
  const attestations = (await image.attestations?.([], context.signal)) ?? [];
  const told = attestations.flatMap(({file, ...said}) => (file === undefined ? [] : {file, said}));
  if (told.length === 0) return [];
  const decoder = new ScanDecoder();
  const helper = await context.helper();
  await helper.request('scan', [...viewArguments(view), 'digest=1'], {
    signal: context.signal,
    onData: (bytes) => decoder.push(bytes),
  });
  const subject = decoder
    .finish()
    .filter(isRegularFile)
    .map(({path, digest}) => ({
      name: path,
      digest: {sha256: Buffer.from(digest ?? new Uint8Array()).toString('hex')},
    }));
  // Where all platforms are in one directory, as BuildKit tells them apart.
  const mark = isList && directory === '' ? `.${platform.replaceAll('/', '_')}` : '';
  return told.map(({file, said}) => ({
    name: `${prefix}${mark === '' ? file : file.replace(/(\.[^.]*)?$/, `${mark}$1`)}`,
    bytes: Buffer.from(JSON.stringify(statementOf(subject, said), undefined, 2)),
  }));
}

/** Writes them into `directory`, whatever is there under their names; with a time where the build has one. */
export function writeAttestationFiles(
  directory: string,
  files: readonly AttestationFile[],
  epochSeconds: number | undefined,
): void {
  for (const {name, bytes} of files) {
    const temporary = join(directory, `.${randomBytes(6).toString('hex')}.partial`);
    try {
      writeFileSync(temporary, bytes, {mode: 0o600, flag: 'wx'});
      if (epochSeconds !== undefined) utimesSync(temporary, epochSeconds, epochSeconds);
      renameSync(temporary, join(directory, name));
    } catch (error) {
      rmSync(temporary, {force: true});
      throw error;
    }
  }
}

/** Gives for each file system a directory with nothing but its files, for as long as they are used. */
export async function withAttestationFiles(
  systems: readonly FileSystem[],
  naming: AttestationNaming,
  context: ExportContext,
  use: (directories: readonly (string | undefined)[]) => Promise<void>,
): Promise<void> {
  let parent: string | undefined;
  try {
    const directories: (string | undefined)[] = [];
    for (const [at, system] of systems.entries()) {
      const files = await attestationFiles(system, naming, context);
      if (files.length === 0) {
        directories.push(undefined);
        continue;
      }
      parent ??= mkdtempSync(join(tmpdir(), 'tsbuild-attestations-'));
      const directory = join(parent, String(at));
      mkdirSync(directory);
      writeAttestationFiles(directory, files, system.image.epochSeconds);
      directories.push(directory);
    }
    await use(directories);
  } finally {
    if (parent !== undefined) rmSync(parent, {recursive: true, force: true});
  }
}
