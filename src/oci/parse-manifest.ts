// Manifests and indexes as they come from outside: bytes that anybody may have written. Here they become typed values
// or a problem text; nothing later looks at unchecked JSON. A document that could be read as both an index and a
// manifest is refused (CVE-2021-41190), for its digest would mean two things.

import type {Descriptor} from './descriptor.ts';
import {parseDigest} from './digest.ts';
import type {ImageIndex, Manifest} from './manifest.ts';
import {isIndexType, isManifestType, mediaTypes} from './media-types.ts';
import type {Platform} from './platform.ts';

export type ParsedManifest =
  | {readonly kind: 'manifest'; readonly mediaType: string; readonly manifest: Manifest}
  | {readonly kind: 'index'; readonly mediaType: string; readonly index: ImageIndex}
  | {readonly kind: 'schema1'}
  /** `problem` is the first of them. */
  | {readonly kind: 'invalid'; readonly problem: string; readonly problems: readonly string[]};

type Members = Readonly<Record<string, unknown>>;

const descriptorsMax = 10_000;

/** Reads a manifest or index. `declaredType` is what carried it said (Content-Type, the descriptor), if it said. */
export function parseManifest(bytes: Uint8Array, declaredType?: string): ParsedManifest {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes));
  } catch {
    return invalid('it is no JSON');
  }
  if (!isMembers(document)) return invalid('it is no JSON object');
  if (document['schemaVersion'] === 1) return {kind: 'schema1'};
  if (document['schemaVersion'] !== 2)
    return invalid(`schemaVersion is ${JSON.stringify(document['schemaVersion'])}`);
  const own = document['mediaType'];
  if (own !== undefined && typeof own !== 'string') return invalid('mediaType is no string');
  const looksLikeIndex = 'manifests' in document;
  const looksLikeManifest = 'layers' in document || 'config' in document;
  if (looksLikeIndex && looksLikeManifest) return invalid('it is both an index and a manifest');
  const known = [own, declaredType].find(
    (type) => type !== undefined && (isIndexType(type) || isManifestType(type)),
  );
  if (own !== undefined && !isIndexType(own) && !isManifestType(own)) {
    return invalid(`its media type ${own} is not supported`);
  }
  if (looksLikeIndex) return readIndex(document, known ?? mediaTypes.index);
  if (looksLikeManifest) return readManifest(document, known ?? mediaTypes.manifest);
  return invalid('it has neither layers nor manifests');
}

function readIndex(document: Members, mediaType: string): ParsedManifest {
  if (!isIndexType(mediaType)) return invalid(`it has manifests, but its media type is ${mediaType}`);
  const problems: string[] = [];
  const manifests = readDescriptors(document['manifests'], 'manifests', problems);
  if (problems.length > 0) return invalid(...problems);
  const annotations = readStrings(document['annotations']);
  return {
    kind: 'index',
    mediaType,
    index: {schemaVersion: 2, mediaType, manifests, ...(annotations === undefined ? {} : {annotations})},
  };
}

function readManifest(document: Members, mediaType: string): ParsedManifest {
  if (!isManifestType(mediaType)) return invalid(`it has layers, but its media type is ${mediaType}`);
  const problems: string[] = [];
  const config = readDescriptor(document['config'], 'config', problems);
  const layers = readDescriptors(document['layers'], 'layers', problems);
  if (config === undefined || problems.length > 0) return invalid(...problems);
  const annotations = readStrings(document['annotations']);
  return {
    kind: 'manifest',
    mediaType,
    manifest: {
      schemaVersion: 2,
      mediaType,
      config,
      layers,
      ...(annotations === undefined ? {} : {annotations}),
    },
  };
}

function readDescriptors(value: unknown, where: string, problems: string[]): Descriptor[] {
  if (!Array.isArray(value)) {
    problems.push(`${where} is no list`);
    return [];
  }
  if (value.length > descriptorsMax) {
    problems.push(`${where} has ${value.length} entries, more than ${descriptorsMax}`);
    return [];
  }
  return value.flatMap((item, index) => readDescriptor(item, `${where}[${index}]`, problems) ?? []);
}

/** Undefined: what is wrong was added to `problems`. */
function readDescriptor(value: unknown, where: string, problems: string[]): Descriptor | undefined {
  if (!isMembers(value)) {
    problems.push(`${where} is no object`);
    return undefined;
  }
  const {
    mediaType,
    digest: digestText,
    size,
  } = value as {mediaType?: unknown; digest?: unknown; size?: unknown};
  const digest = typeof digestText === 'string' ? parseDigest(digestText) : undefined;
  const hasSize = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
  if (typeof mediaType !== 'string') problems.push(`${where} has no mediaType`);
  if (digest === undefined) problems.push(`${where} has no sha256 digest, but ${JSON.stringify(digestText)}`);
  if (!hasSize) problems.push(`${where} has no valid size`);
  if (typeof mediaType !== 'string' || digest === undefined || !hasSize) return undefined;
  const platform = readPlatform(value['platform']);
  const annotations = readStrings(value['annotations']);
  const artifactType = value['artifactType'];
  return {
    mediaType,
    digest,
    size,
    ...(platform === undefined ? {} : {platform}),
    ...(annotations === undefined ? {} : {annotations}),
    ...(typeof artifactType === 'string' ? {artifactType} : {}),
  };
}

function readPlatform(value: unknown): Platform | undefined {
  if (!isMembers(value)) return undefined;
  const {os, architecture, variant} = value as {os?: unknown; architecture?: unknown; variant?: unknown};
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  const version = value['os.version'];
  return {
    os,
    architecture,
    ...(typeof variant === 'string' && variant !== '' ? {variant} : {}),
    ...(typeof version === 'string' ? {'os.version': version} : {}),
  };
}

function readStrings(value: unknown): Record<string, string> | undefined {
  if (!isMembers(value)) return undefined;
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(...problems: readonly string[]): ParsedManifest {
  return {kind: 'invalid', problem: problems[0] ?? '', problems};
}
