// How old something remote is, for a SOURCE_DATE_EPOCH that names it, as BuildKit counts: a repository as its commit, a
// file behind a URL as the server says, or else, when it is an archive, as the newest file in it.

import {stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {GitSource, HttpSource} from '../graph/op.ts';
import type {SnapshotId} from '../snapshot/layer-table.ts';
import {filesIn, unpackedTree} from '../sources/archive/archive-trees.ts';
import {isArchive} from '../sources/archive/sniff.ts';
import type {TreeRecord} from '../tree/record.ts';
import type {Engine} from './engine.ts';
import {directoryOf, startOf} from './fetched-context.ts';
import type {RemoteSources} from './remote-sources.ts';

export interface EpochScope {
  readonly engine: Engine;
  readonly sources: RemoteSources;
  readonly signal: AbortSignal;
}

export async function epochOfSource(
  source: GitSource | HttpSource,
  {engine, sources, signal}: EpochScope,
): Promise<number | undefined> {
  if (source.type === 'git') {
    // Whatever times its files are wanted with.
    const {mtime: _, ...plain} = source;
    return engine.snapshotter.epochSecondsOf((await sources.git(plain, signal)).snapshot);
  }
  const {snapshot, digest, modifiedSeconds} = await sources.http(source, signal);
  // What is had by its checksum needs no server, which then cannot say anything either.
  if (modifiedSeconds !== undefined && source.checksum === undefined) return modifiedSeconds;
  const view = await engine.snapshotter.view(snapshot, signal);
  const name = source.filename;
  const path = join(directoryOf(view), name);
  if (!isArchive(await startOf(path))) return undefined;
  const tree = await unpackedTree({digest, view: async () => view, name}, engine, signal);
  const files = await filesIn(tree, engine, signal);
  const [only] = files;
  // Compressed, but no archive: it was copied as it is.
  if (files.length === 1 && only?.path === name && only.size === (await stat(path)).size) return undefined;
  return newestOf(files);
}

/** Of an archive that was given as the context; undefined: an empty tree. */
export async function epochOfTree(
  snapshot: SnapshotId | undefined,
  {engine, signal}: EpochScope,
): Promise<number | undefined> {
  return snapshot === undefined ? undefined : newestOf(await filesIn(snapshot, engine, signal));
}

function newestOf(files: readonly TreeRecord[]): number | undefined {
  return files.length === 0 ? undefined : Math.max(...files.map(({mtimeSeconds}) => mtimeSeconds));
}
