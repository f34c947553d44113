// From a name to the manifest of one platform. An index is searched for the best platform that runs (containerd's
// rules); attestations in it are no images. Entries that do not say their platform are asked for it, in their config.

import {buildError} from '../../diagnostics/build-error.ts';
import {isBesideImages} from '../../oci/attestation-marks.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import type {Digest} from '../../oci/digest.ts';
import type {ImageIndex, Manifest} from '../../oci/manifest.ts';
import {mediaTypes} from '../../oci/media-types.ts';
import {parseManifest} from '../../oci/parse-manifest.ts';
import {formatPlatform, type Platform, platformRank} from '../../oci/platform.ts';
import {BadAnswer} from './failures.ts';

export interface FetchedManifest {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly contentType?: string;
}

export interface ManifestFetcher {
  /** Verified bytes of a manifest or index. */
  manifest(name: string): Promise<FetchedManifest>;
  /** Verified bytes of a small blob. */
  small(descriptor: Descriptor): Promise<Uint8Array>;
}

export interface ResolvedImage {
  /** Normalised: `docker.io/library/busybox:latest`. */
  readonly reference: string;
  /** What the name stands for: an index, or the manifest itself. */
  readonly rootDigest: Digest;
  readonly manifestDigest: Digest;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly mediaType: string;
  readonly configDescriptor: Descriptor;
}

const indexDepthMax = 3;
const unnamedEntriesMax = 16;

/**
 * Resolves `name` (tag or digest). A manifest that is not in an index is taken whatever its platform is, as docker
 * does. Throws BuildError when an index has nothing that runs on `platform`.
 */
export async function resolveImage(
  reference: string,
  name: string,
  platform: Platform,
  fetcher: ManifestFetcher,
): Promise<ResolvedImage> {
  const root = await fetcher.manifest(name);
  const offered = new Set<string>();
  const found = await search(reference, root, platform, fetcher, offered, 0);
  if (found !== undefined) return {reference, rootDigest: root.digest, ...found};
  const wanted = formatPlatform(platform);
  throw buildError('user', 'registry-no-platform', `${reference}: no image for platform ${wanted}`, {
    hints: [
      offered.size === 0
        ? 'it holds no images at all'
        : `it has ${[...offered].join(', ')}; choose one with --platform`,
    ],
  });
}

type FoundManifest = Omit<ResolvedImage, 'reference' | 'rootDigest'>;

async function search(
  reference: string,
  fetched: FetchedManifest,
  platform: Platform,
  fetcher: ManifestFetcher,
  offered: Set<string>,
  depth: number,
): Promise<FoundManifest | undefined> {
  const parsed = parseManifest(fetched.bytes, fetched.contentType);
  switch (parsed.kind) {
    case 'invalid':
      throw new BadAnswer('registry-invalid-answer', `no valid manifest: ${parsed.problem}`);
    case 'schema1':
      throw buildError(
        'user',
        'registry-schema1',
        `${reference}: its manifest is of schema 1, which is not supported`,
        {
          hints: ['push it again with a current docker, podman or skopeo'],
        },
      );
    case 'manifest':
      return {
        manifestDigest: fetched.digest,
        manifest: parsed.manifest,
        manifestBytes: fetched.bytes,
        mediaType: parsed.mediaType,
        configDescriptor: parsed.manifest.config,
      };
    case 'index': {
      if (depth === indexDepthMax) {
        throw new BadAnswer('registry-invalid-answer', `indexes nested deeper than ${indexDepthMax}`);
      }
      for (const entry of await candidates(parsed.index, platform, fetcher, offered)) {
        const next = await fetcher.manifest(entry.digest);
        const typed = {...next, contentType: entry.mediaType};
        const found = await search(reference, typed, platform, fetcher, offered, depth + 1);
        if (found !== undefined) return found;
      }
      return undefined;
    }
  }
}

/** The entries that may run on `platform`, best first; of equal ones the first in the index, as docker has it. */
async function candidates(
  index: ImageIndex,
  platform: Platform,
  fetcher: ManifestFetcher,
  offered: Set<string>,
): Promise<readonly Descriptor[]> {
  const ranked: {entry: Descriptor; rank: number}[] = [];
  const unnamed: Descriptor[] = [];
  for (const entry of index.manifests) {
    if (!isImage(entry)) continue;
    if (entry.platform === undefined) {
      unnamed.push(entry);
      continue;
    }
    offered.add(formatPlatform(entry.platform));
    const rank = platformRank(platform, entry.platform);
    if (rank !== undefined) ranked.push({entry, rank});
  }
  if (ranked.length === 0) {
    for (const entry of unnamed.slice(0, unnamedEntriesMax)) {
      const own = await platformInConfig(entry, fetcher);
      if (own === 'unknown') continue;
      if (own !== 'index') offered.add(formatPlatform(own));
      const rank = own === 'index' ? Number.MAX_SAFE_INTEGER : platformRank(platform, own);
      if (rank !== undefined) ranked.push({entry, rank});
    }
  }
  return ranked.sort((a, b) => a.rank - b.rank).map(({entry}) => entry);
}

function isImage(entry: Descriptor): boolean {
  const types: readonly string[] = [
    mediaTypes.manifest,
    mediaTypes.dockerManifest,
    mediaTypes.index,
    mediaTypes.dockerManifestList,
  ];
  return types.includes(entry.mediaType) && !isBesideImages(entry);
}

async function platformInConfig(
  entry: Descriptor,
  fetcher: ManifestFetcher,
): Promise<Platform | 'index' | 'unknown'> {
  const fetched = await fetcher.manifest(entry.digest);
  const parsed = parseManifest(fetched.bytes, entry.mediaType);
  if (parsed.kind === 'index') return 'index';
  if (parsed.kind !== 'manifest') return 'unknown';
  let config: unknown;
  try {
    config = JSON.parse(new TextDecoder().decode(await fetcher.small(parsed.manifest.config)));
  } catch (error) {
    if (error instanceof SyntaxError) return 'unknown';
    throw error;
  }
  const {os, architecture, variant} = (config ?? {}) as {
    os?: unknown;
    architecture?: unknown;
    variant?: unknown;
  };
  if (typeof os !== 'string' || typeof architecture !== 'string') return 'unknown';
  return {os, architecture, ...(typeof variant === 'string' && variant !== '' ? {variant} : {})};
}
