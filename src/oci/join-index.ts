// Several manifests and indexes as one index, as `imagetools create` makes them. Entries keep everything that they came
// with, also members that tsbuild does not know; an index that is only looked through stays byte for byte what it was.

import {isBesideImages, referenceDigestAnnotation} from './attestation-marks.ts';
import type {Descriptor} from './descriptor.ts';
import type {Digest} from './digest.ts';
import {dockerDialect, ociDialect} from './media-types.ts';
import {formatPlatform, normalisePlatform, type Platform} from './platform.ts';

/** A descriptor with all its members as JSON has them. */
export type IndexEntry = Descriptor & Readonly<Record<string, unknown>>;

/** The entries of an index that was parsed before without a problem. */
export function entriesIn(bytes: Uint8Array): readonly IndexEntry[] {
  return (JSON.parse(new TextDecoder().decode(bytes)) as {manifests: IndexEntry[]}).manifests;
}

/** Each thing once, where it stood first; what is said of it again is added to what was said before. */
export function joinedEntries(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  const joined = new Map<Digest, IndexEntry>();
  for (const entry of entries) {
    const before = joined.get(entry.digest);
    const annotations = {...before?.annotations, ...entry.annotations};
    joined.set(entry.digest, {
      ...(before ?? entry),
      ...(entry.platform === undefined ? {} : {platform: entry.platform}),
      ...(Object.keys(annotations).length === 0 ? {} : {annotations}),
    });
  }
  return [...joined.values()];
}

/** Those for `platforms`, with what is attested of them; or the platforms that there is nothing for. */
export function entriesFor(
  platforms: readonly Platform[],
  entries: readonly IndexEntry[],
): {readonly entries: readonly IndexEntry[]} | {readonly missing: readonly string[]} {
  const wanted = platforms.map(platformName);
  const images = entries.filter(
    (entry) =>
      !isBesideImages(entry) && entry.platform !== undefined && wanted.includes(platformName(entry.platform)),
  );
  const there = images.map(({platform}) => platform && platformName(platform));
  const missing = wanted.filter((name) => !there.includes(name));
  if (missing.length > 0) return {missing};
  const digests = new Set<string>(images.map(({digest}) => digest));
  return {
    entries: entries.filter(
      (entry) => images.includes(entry) || digests.has(entry.annotations?.[referenceDigestAnnotation] ?? ''),
    ),
  };
}

export function platformName(platform: Platform): string {
  return formatPlatform(normalisePlatform(platform));
}

/**
 * An index of `entries`: docker's kind when all of them are docker's and nothing is annotated, since docker's lists
 * have no annotations.
 */
export function joinedIndex(
  entries: readonly IndexEntry[],
  annotations: Readonly<Record<string, string>>,
): {readonly mediaType: string; readonly bytes: Uint8Array} {
  const isAnnotated = Object.keys(annotations).length > 0;
  const isDocker =
    !isAnnotated &&
    entries.every(({mediaType, annotations: own}) => isDockers(mediaType) && own === undefined);
  const mediaType = isDocker ? dockerDialect.index : ociDialect.index;
  const index = {
    schemaVersion: 2,
    mediaType,
    manifests: entries.map((entry) => inOrder(entry, descriptorOrder)),
    ...(isAnnotated ? {annotations: sorted(annotations)} : {}),
  };
  return {mediaType, bytes: Buffer.from(JSON.stringify(index, null, 2))};
}

function isDockers(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.docker.');
}

/** The order in which Go's types of the image-spec are written: equal indexes have equal digests. */
const descriptorOrder = ['mediaType', 'digest', 'size', 'urls', 'annotations', 'data', 'platform'];

function inOrder(entry: IndexEntry, order: readonly string[]): Record<string, unknown> {
  const rest = Object.keys(entry).filter((name) => !order.includes(name));
  const names = [...order, ...rest].filter((name) => entry[name] !== undefined);
  return Object.fromEntries(
    names.map((name) => [
      name,
      name === 'annotations' ? sorted(entry.annotations ?? {}) : (entry[name] as unknown),
    ]),
  );
}

function sorted(members: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
}
