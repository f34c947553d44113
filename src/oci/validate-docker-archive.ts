// Checks an archive as `docker save` wrote it before it had an OCI layout: manifest.json names, for each image, its
// config, which is called by its digest, and its layers, which are plain tars (or, from some tools, compressed ones)
// and hash to the DiffIDs of the config.

import {createHash} from 'node:crypto';
import {errorText} from '../util/error-text.ts';
import {gunzipped, hashed, jsonOf, type LayoutFiles, readWhole} from './checked-blobs.ts';
import type {ImageConfig} from './image-config.ts';
import {isReferenceProblem, parseReference} from './reference.ts';

interface Entry {
  readonly Config?: unknown;
  readonly RepoTags?: unknown;
  readonly Layers?: unknown;
}

/** What is wrong with the archive, a text each. */
export async function validateDockerArchive(files: LayoutFiles): Promise<string[]> {
  const bytes = await readWhole(files, 'manifest.json');
  if (bytes === undefined) return ['manifest.json is missing'];
  const entries = jsonOf(Buffer.from(`{"entries":${Buffer.from(bytes).toString('utf8')}}`))?.['entries'];
  if (!Array.isArray(entries) || entries.length === 0) return ['manifest.json is no list of images'];
  const problems: string[] = [];
  for (const [index, entry] of entries.entries()) {
    await checkEntry(files, (entry ?? {}) as Entry, `manifest.json > image ${index}`, problems);
  }
  return problems;
}

async function checkEntry(
  files: LayoutFiles,
  {Config: configName, RepoTags: names, Layers: layers}: Entry,
  where: string,
  problems: string[],
): Promise<void> {
  for (const name of Array.isArray(names) ? (names as unknown[]) : []) {
    if (typeof name !== 'string' || isReferenceProblem(parseReference(name)))
      problems.push(`${where}: ${JSON.stringify(name)} is no name of an image`);
  }
  if (typeof configName !== 'string' || !isTexts(layers)) {
    problems.push(`${where}: does not name its config and its layers`);
    return;
  }
  const bytes = await readWhole(files, configName);
  if (bytes === undefined) {
    problems.push(`${where}: config ${configName} is missing`);
    return;
  }
  const told = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(configName)?.[1];
  const found = createHash('sha256').update(bytes).digest('hex');
  if (told !== undefined && told !== found)
    problems.push(`${where} > config: content is sha256:${found}, not sha256:${told}`);
  const config = jsonOf(bytes) as Partial<ImageConfig> | undefined;
  if (config === undefined) {
    problems.push(`${where} > config: is no JSON object`);
    return;
  }
  const diffIds = config.rootfs?.diff_ids ?? [];
  if (diffIds.length !== layers.length)
    problems.push(`${where} > config: ${diffIds.length} diff_ids for ${layers.length} layers`);
  for (const [index, name] of layers.entries()) {
    await checkLayer(files, name, diffIds[index], `${where} > layer ${index}`, problems);
  }
}

async function checkLayer(
  files: LayoutFiles,
  name: string,
  diffId: string | undefined,
  where: string,
  problems: string[],
): Promise<void> {
  const stream = await files.open(name);
  if (stream === undefined) {
    problems.push(`${where}: ${name} is missing`);
    return;
  }
  if (diffId === undefined) return;
  try {
    const stored = await hashed(stream);
    if (stored.digest === diffId) return;
    const again = (await isGzip(files, name)) ? await files.open(name) : undefined;
    const unpacked = again === undefined ? stored : await hashed(gunzipped(again));
    if (unpacked.digest !== diffId) problems.push(`${where}: unpacks to ${unpacked.digest}, not ${diffId}`);
  } catch (error) {
    problems.push(`${where}: cannot be read to its end: ${errorText(error)}`);
  }
}

async function isGzip(files: LayoutFiles, name: string): Promise<boolean> {
  for await (const piece of (await files.open(name)) ?? []) return piece[0] === 0x1f && piece[1] === 0x8b;
  return false;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
