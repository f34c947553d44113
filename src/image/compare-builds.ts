// Two builds of one Dockerfile that should be the same: which layers are not, and which files in them, in what. Unlike
// images of different builds, their layers are compared one by one, each with its counterpart.

import type {ImageConfig} from '../oci/image-config.ts';
import type {LocalBlobStore} from '../store/blob-store.ts';
import type {ImageDetails} from '../store/image-store.ts';
import {compareConfigs, compareMembers, type Difference, membersOf} from './compare-images.ts';
import {differences} from './file-tree.ts';
import {type ByteDifference, firstDifference} from './first-difference.ts';
import {fileContent, type LayerFile, layerFiles} from './layer-files.ts';
import {makerOf} from './layer-maker.ts';

/** An image, and where its blobs are. */
export interface BuiltTwice {
  readonly image: ImageDetails;
  readonly blobs: LocalBlobStore;
}

export interface FileDifference {
  /** With a slash in front. */
  readonly path: string;
  readonly what: 'added' | 'removed' | 'changed';
  readonly details: readonly string[];
  readonly firstByte?: ByteDifference;
}

export interface LayerDifference {
  /** From 1. */
  readonly number: number;
  /** The line of the Dockerfile. */
  readonly createdBy: string;
  readonly digests: readonly [string | undefined, string | undefined];
  /** `contents`: the files below differ; `order`: they stand in another order; `form`: only what wraps them differs. */
  readonly what: 'added' | 'removed' | 'contents' | 'order' | 'form';
  readonly files: readonly FileDifference[];
}

export interface BuildComparison {
  /** Of the manifests. */
  readonly digests: readonly [string, string];
  readonly config: readonly Difference[];
  readonly layers: readonly LayerDifference[];
}

/** Contents are read again for each: of more files it is only said that they differ. */
const readAgainMax = 20;

export async function compareBuilds(
  a: BuiltTwice,
  b: BuiltTwice,
  signal: AbortSignal,
): Promise<BuildComparison> {
  const layers: LayerDifference[] = [];
  const count = Math.max(a.image.content.layers.length, b.image.content.layers.length);
  for (let index = 0; index < count; index++) {
    const found = await compareLayer(index, a, b, signal);
    if (found !== undefined) layers.push(found);
  }
  return {
    digests: [a.image.manifest.digest, b.image.manifest.digest],
    config: [
      ...compareConfigs(a.image.config, b.image.config),
      ...compareHistory(a.image.config, b.image.config),
    ],
    layers,
  };
}

function compareHistory(a: ImageConfig, b: ImageConfig): readonly Difference[] {
  const named = ({history = []}: ImageConfig): ReadonlyMap<string, string> =>
    membersOf(Object.fromEntries(history.map((entry, index) => [`history[${index}]`, entry])));
  return compareMembers(named(a), named(b));
}

async function compareLayer(
  index: number,
  a: BuiltTwice,
  b: BuiltTwice,
  signal: AbortSignal,
): Promise<LayerDifference | undefined> {
  const [before, after] = [a.image.content.layers[index], b.image.content.layers[index]];
  if (before?.digest === after?.digest) return undefined;
  const createdBy = makerOf(a.image.config, index) ?? makerOf(b.image.config, index) ?? '';
  const told = {number: index + 1, createdBy, digests: [before?.digest, after?.digest] as const, files: []};
  if (before === undefined) return {...told, what: 'added'};
  if (after === undefined) return {...told, what: 'removed'};
  const {diff_ids: aDiffs} = a.image.config.rootfs;
  if (aDiffs[index] === b.image.config.rootfs.diff_ids[index]) return {...told, what: 'form'};
  const old = await filesOf(layerFiles(before, a.blobs, signal));
  const now = await filesOf(layerFiles(after, b.blobs, signal));
  const files = compareFiles(old, now);
  if (files.length === 0) {
    const isSameOrder = [...old.keys()].join('\0') === [...now.keys()].join('\0');
    return {...told, what: isSameOrder ? 'form' : 'order'};
  }
  return {
    ...told,
    what: 'contents',
    files: await withBytes(files, (path) => [
      fileContent(before, path, a.blobs),
      fileContent(after, path, b.blobs),
    ]),
  };
}

async function filesOf(entries: AsyncIterable<LayerFile>): Promise<ReadonlyMap<string, LayerFile>> {
  const files = new Map<string, LayerFile>();
  for await (const file of entries) files.set(file.path, file);
  return files;
}

type CheckedFile = FileDifference & {readonly hasOtherContent: boolean};

function compareFiles(
  old: ReadonlyMap<string, LayerFile>,
  now: ReadonlyMap<string, LayerFile>,
): readonly CheckedFile[] {
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return paths.flatMap((name): CheckedFile[] => {
    const [before, after] = [old.get(name), now.get(name)];
    const path = `/${name}`;
    if (before === undefined) return [{path, what: 'added', details: [], hasOtherContent: false}];
    if (after === undefined) return [{path, what: 'removed', details: [], hasOtherContent: false}];
    const details = differences(before, after);
    const hasOtherContent =
      before.kind === 'file' && after.kind === 'file' && before.contentHash !== after.contentHash;
    return details.length === 0 ? [] : [{path, what: 'changed', details, hasOtherContent}];
  });
}

async function withBytes(
  files: readonly CheckedFile[],
  contents: (path: string) => readonly [AsyncIterable<Uint8Array>, AsyncIterable<Uint8Array>],
): Promise<readonly FileDifference[]> {
  const told: FileDifference[] = [];
  let read = 0;
  for (const {hasOtherContent, ...file} of files) {
    const isRead = hasOtherContent && read++ < readAgainMax;
    const firstByte = isRead ? await firstDifference(...contents(file.path.slice(1))) : undefined;
    told.push(firstByte === undefined ? file : {...file, firstByte});
  }
  return told;
}
