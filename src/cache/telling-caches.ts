// Caches that tell what they were given lately, to explain misses by, and their document as it is read and written. A
// cache that does not tell is asked no more, and nothing is said of it: it is asked in passing.

import {isFileList} from '../tree/file-list.ts';
import type {CacheBackend} from './backends/backend.ts';
import type {FilesOf} from './input-difference.ts';
import {NearestRecords} from './nearest-record.ts';
import {withPatience} from './patience.ts';
import {
  formatRecent,
  nothingRecent,
  parseRecent,
  type Recent,
  type RecentRecord,
  recentName,
  withOwn,
} from './recent-document.ts';
import type {TellingCache} from './record-cache.ts';

interface Asking {
  readonly signal: AbortSignal;
  /** How long a document may take. */
  readonly patienceMs: number;
}

export async function tellingCaches(
  backends: readonly CacheBackend[],
  asking: Asking,
): Promise<readonly TellingCache[]> {
  const all = await Promise.all(
    backends.map(async (backend) => ({backend, recent: await recentOf(backend, asking)})),
  );
  return all.flatMap(({backend: {name}, recent: {records, files}}) => {
    if (records.length === 0) return [];
    const named = records.map((record) => ({name: record.name, ingredients: () => record.ingredients}));
    const known = new NearestRecords(() => named);
    return [
      {
        name,
        nearest: (step, ingredients) => known.nearest(step, ingredients),
        filesOf: (digest) => soundList(files.get(digest)),
      },
    ];
  });
}

function soundList(list: Uint8Array | undefined): Uint8Array | undefined {
  return list !== undefined && isFileList(list) ? list : undefined;
}

/** Adds `own` to what the cache tells, unless it tells of all of it. */
export async function tell(
  backend: CacheBackend,
  own: readonly RecentRecord[],
  filesOf: FilesOf,
  asking: Asking,
): Promise<void> {
  const {signal, patienceMs} = asking;
  const recent = withOwn(own, filesOf, await recentOf(backend, asking));
  if (recent === undefined) return;
  const bytes = formatRecent(recent);
  await withPatience(signal, patienceMs, async (limited) => {
    if (backend.writeLatest !== undefined) return backend.writeLatest(recentName, bytes, limited);
    return backend.write(recentName, bytes, [], limited);
  }).catch(() => signal.throwIfAborted());
}

async function recentOf(backend: CacheBackend, {signal, patienceMs}: Asking): Promise<Recent> {
  const read = (limited: AbortSignal): Promise<Uint8Array | undefined> =>
    backend.readLatest === undefined
      ? backend.read(recentName, limited)
      : backend.readLatest(recentName, limited);
  const bytes = await withPatience(signal, patienceMs, read).catch(() => signal.throwIfAborted());
  return bytes === undefined ? nothingRecent : parseRecent(bytes);
}
