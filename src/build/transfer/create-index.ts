// `imagetools create`: manifests and indexes of registries, or of the local store, become one index (or stay what they
// are, where there is but one), and that goes under names in any registry. What a repository lacks is mounted or copied
// there first, children before parents, through the local store, where it is verified.

import {buildError} from '../../diagnostics/build-error.ts';
import {type Annotation, annotationsAt} from '../../exporters/annotations.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {digestOf} from '../../oci/digest.ts';
import {
  entriesFor,
  entriesIn,
  type IndexEntry,
  joinedEntries,
  joinedIndex,
  platformName,
} from '../../oci/join-index.ts';
import {isIndexType} from '../../oci/media-types.ts';
import type {Platform} from '../../oci/platform.ts';
import {normalisedName, type Reference, repositoryName} from '../../oci/reference.ts';
import type {SigningKey} from '../../signature/keys.ts';
import {byRepository} from '../../sources/registry/push/by-repository.ts';
import type {PushBlob, PushManifest} from '../../sources/registry/push/repository-writer.ts';
import {storedBlob} from '../../sources/registry/push/stored-blob.ts';
import {mapLimited} from '../../util/map-limited.ts';
import {fetchLayer} from './fetch-layer.ts';
import {contentBelow} from './image-content.ts';
import {type IndexSource, type OpenedSource, openSource} from './index-source.ts';
import {pushContent} from './push-content.ts';
import {storedContent} from './stored-root.ts';
import type {Transfer} from './transfer.ts';

export interface IndexRequest {
  readonly sources: readonly IndexSource[];
  readonly annotations: readonly Annotation[];
  /** Empty: all. */
  readonly platforms: readonly Platform[];
  /** Of a single manifest an index, too. */
  readonly preferIndex: boolean;
}

export interface CombinedIndex {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly parts: readonly IndexPart[];
}

/** Something that has to be in a repository before the index is. */
interface IndexPart {
  readonly from: IndexSource;
  readonly entry: IndexEntry;
}

const sourcesMax = 4;

export async function combineIndex(request: IndexRequest, transfer: Transfer): Promise<CombinedIndex> {
  const opened = await mapLimited(request.sources, sourcesMax, (source) => openSource(source, transfer));
  const parts = opened.flatMap((source) => partsOf(source));
  const entries = chosen(joinedEntries(parts.map(({entry}) => entry)), request.platforms);
  const kept = new Set(entries.map(({digest}) => digest));
  const [only, ...others] = opened;
  const isWhole = kept.size === new Set(parts.map(({entry}) => entry.digest)).size;
  const isCopy =
    only !== undefined &&
    others.length === 0 &&
    isWhole &&
    request.annotations.length === 0 &&
    (isIndexType(only.entry.mediaType) || !request.preferIndex);
  const root = isCopy ? only.manifest : joined(entries, request.annotations);
  return {
    descriptor: {mediaType: root.mediaType, digest: digestOf(root.bytes), size: root.bytes.length},
    bytes: root.bytes,
    parts: parts.filter(({entry}) => kept.has(entry.digest)),
  };
}

function partsOf({source, entry, manifest}: OpenedSource): IndexPart[] {
  const entries = isIndexType(entry.mediaType) ? entriesIn(manifest.bytes) : [entry];
  return entries.map((one) => ({from: source, entry: one}));
}

function chosen(entries: readonly IndexEntry[], platforms: readonly Platform[]): readonly IndexEntry[] {
  if (platforms.length === 0) return entries;
  const found = entriesFor(platforms, entries);
  if ('entries' in found) return found.entries;
  const there = entries.flatMap(({platform}) => (platform === undefined ? [] : [platformName(platform)]));
  throw buildError(
    'user',
    'registry-no-platform',
    `the sources have no image for ${found.missing.join(', ')}`,
    {
      hints: [`they have ${[...new Set(there)].join(', ')}`],
    },
  );
}

function joined(entries: readonly IndexEntry[], annotations: readonly Annotation[]): PushManifest {
  const annotated = entries.map((entry) => {
    const more = annotationsAt(annotations, 'manifest-descriptor', entry.platform);
    return Object.keys(more).length === 0 ? entry : {...entry, annotations: {...entry.annotations, ...more}};
  });
  return joinedIndex(annotated, annotationsAt(annotations, 'index'));
}

export interface IndexPush {
  readonly tags: readonly Reference[];
  readonly signingKey: SigningKey | undefined;
}

/** Puts the index under every name, each of which has a tag; a repository has everything before a tag in it moves. */
export async function pushIndex(
  index: CombinedIndex,
  {tags, signingKey}: IndexPush,
  transfer: Transfer,
): Promise<void> {
  for (const {repository, tags: names} of byRepository(tags)) {
    const shown = names.map((tag) => normalisedName({...repository, tag})).join(', ');
    await transfer.reporter.step(`pushing ${shown}`, async (note, progress) => {
      const blobs = new Map<string, PushBlob>();
      const manifests = new Map<string, PushManifest>();
      for (const {from, entry} of index.parts) {
        const place = from.stored ? 'the local store' : repositoryName(from.reference);
        if (place === repositoryName(repository)) continue;
        note(`copying ${entry.digest} from ${place}`);
        const content = await contentOf(from, entry, repository, transfer, {note, progress});
        for (const [digest, blob] of content.blobs) blobs.set(digest, blob);
        for (const [digest, manifest] of content.manifests) manifests.set(digest, manifest);
      }
      manifests.delete(index.descriptor.digest);
      const root = {mediaType: index.descriptor.mediaType, bytes: index.bytes};
      const push = {blobs: [...blobs.values()], manifests: [...manifests.values(), root], tags: names};
      await pushContent(repository, push, transfer, {note, progress, signingKey});
    });
  }
}

async function contentOf(
  {reference: from, stored}: IndexSource,
  entry: IndexEntry,
  to: Reference,
  transfer: Transfer,
  reports: Parameters<typeof fetchLayer>[3],
): ReturnType<typeof contentBelow> {
  const {engine, signal} = transfer;
  const {blobs} = engine;
  if (stored) return storedContent(entry, engine);
  const client = await engine.registry();
  return contentBelow([entry], {
    read: async (digest) => (await client.manifest(from, digest, signal)).bytes,
    blob: (blob) => ({
      ...storedBlob(blob, () => blobs.path(blob.digest)),
      prepare: () => fetchLayer(from, blob, transfer, reports),
      ...(from.domain === to.domain ? {mountFrom: [from.path]} : {}),
    }),
    where: `in ${repositoryName(from)}`,
  });
}
