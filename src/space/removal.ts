// Takes chosen items away. Rows go in one transaction, and within it directories and blobs are renamed into `work/`, so
// that a crash leaves rows whose directory is missing (a miss) or things in `work/` (swept), never half a layer under
// its name. The bytes are deleted afterwards.

import {existsSync, renameSync} from 'node:fs';
import {join} from 'node:path';
import type {Digest} from '../oci/digest.ts';
import type {Database} from '../store/database.ts';
import type {LiveLeases} from '../store/leases.ts';
import {wholeKey} from '../store/notes.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import {workPath} from '../store/work-path.ts';
import {BlobReach} from './blob-reach.ts';
import type {Item} from './item.ts';
import {pointingNotes} from './tables.ts';

/**
 * Everything but cache mounts, whose removal has locks of its own; gives the paths that are to be deleted. They are
 * added to `away` one by one: when a full disk ends the transaction, what was displaced is nobody's any more.
 */
export function takeAway(
  items: readonly Item[],
  state: StateDirectory,
  leases: LiveLeases,
  away: string[] = [],
): string[] {
  const {database, root} = state;
  const displace = (path: string): void => {
    away.push(...displaced(path, root));
  };
  database.transaction(() => {
    for (const {removal} of items) {
      if (removal.kind === 'stray-layer') displace(join(root, 'layers', removal.layer));
      else if (removal.kind === 'directory') displace(join(root, removal.path));
      else if (removal.kind === 'work') away.push(removal.path);
      else if (removal.kind === 'image') database.run('DELETE FROM image WHERE name = ?', removal.name);
      else if (removal.kind === 'note') dropNotes(database, removal.noteKind, removal.key);
      else if (removal.kind === 'resolved') {
        const {reference, platform} = removal;
        database.run('DELETE FROM resolved WHERE reference = ? AND platform = ?', reference, platform);
      }
    }
    const layers = items.flatMap(({removal}) => (removal.kind === 'layer' ? [removal.layer] : []));
    dropLayers(database, new Set(layers));
    for (const layer of layers) displace(join(root, 'layers', layer));
    const reach = new BlobReach(root);
    const kept = keptBlobs(database, reach, leases);
    const candidates = new Set(items.flatMap(({blobs}) => blobs.map(({digest}) => digest)));
    const left = [...candidates].filter((digest) => !kept.has(digest));
    const referrers = reach.referrers(left, kept);
    for (const digest of left) if (!referrers.has(digest)) displace(reach.pathOf(digest));
  });
  return away;
}

/** Renames `path` into `work/`, and gives its path there; nothing when it has gone already. */
export function displaced(path: string, root: string): string[] {
  if (!existsSync(path)) return [];
  const place = workPath(root);
  renameSync(path, place);
  return [place];
}

/** Layers, the snapshots that have one of them in their stack, and the records and notes that lead to those. */
function dropLayers(database: Database, layers: ReadonlySet<string>): void {
  if (layers.size === 0) return;
  const parents = new Map<string, {parent: string; layer: string}>();
  for (const row of database.all('SELECT id, parent, layer FROM snapshot')) {
    parents.set(String(row['id']), {parent: String(row['parent'] ?? ''), layer: String(row['layer'])});
  }
  const lost = new Set(layers);
  // What continues one that goes has lost most of its files.
  for (const row of database.all('SELECT id, continues FROM layer WHERE continues IS NOT NULL'))
    if (layers.has(String(row['continues']))) lost.add(String(row['id']));
  const verdicts = new Map<string, boolean>();
  const isGone = (id: string): boolean => {
    const path: string[] = [];
    let at = id;
    let verdict = false;
    for (;;) {
      const known = verdicts.get(at);
      const row = parents.get(at);
      if (known !== undefined || row === undefined) {
        verdict = known ?? false;
        break;
      }
      path.push(at);
      if (lost.has(row.layer)) {
        verdict = true;
        break;
      }
      at = row.parent;
    }
    for (const one of path) verdicts.set(one, verdict);
    return verdict;
  };
  const gone = new Set([...parents.keys()].filter(isGone));
  for (const snapshot of gone) {
    database.run('DELETE FROM snapshot WHERE id = ?', snapshot);
    // The key begins with the snapshot: `<snapshot> …` and `text <snapshot> …` (U+0021 follows the blank).
    for (const start of [snapshot, `text ${snapshot}`]) {
      const sql = "DELETE FROM note WHERE kind = 'content' AND key >= ? AND key < ?";
      database.run(sql, `${start} `, `${start}!`);
    }
  }
  for (const row of database.all('SELECT key, snapshot FROM record'))
    if (gone.has(String(row['snapshot']))) database.run('DELETE FROM record WHERE key = ?', row['key'] ?? '');
  for (const {kind, key, snapshot} of pointingNotes(database))
    if (gone.has(snapshot)) database.run('DELETE FROM note WHERE kind = ? AND key = ?', kind, key);
  for (const layer of layers) {
    database.run('DELETE FROM layer WHERE id = ?', layer);
    database.run("DELETE FROM note WHERE kind = 'size' AND key = ?", layer);
  }
}

function dropNotes(database: Database, kind: string, key: string | undefined): void {
  if (key === undefined) database.run('DELETE FROM note WHERE kind = ?', kind);
  else database.run(`DELETE FROM note WHERE kind = ? AND ${wholeKey} = ?`, kind, key);
}

/** Blobs that something still needs. */
function keptBlobs(database: Database, reach: BlobReach, leases: LiveLeases): ReadonlySet<Digest> {
  const kept = new Set<Digest>(leases.blobs as ReadonlySet<Digest>);
  const roots = [
    ...database.all('SELECT descriptor FROM image').map((row) => {
      return (JSON.parse(String(row['descriptor'])) as {digest: Digest}).digest;
    }),
    ...(leases.blobs as ReadonlySet<Digest>),
  ];
  for (const row of database.all('SELECT manifest_digest FROM resolved'))
    for (const digest of reach.documentsFrom(row['manifest_digest'] as Digest)) kept.add(digest);
  for (const root of roots) for (const digest of reach.from(root)) kept.add(digest);
  const layers = database.all('SELECT digest FROM layer WHERE digest IS NOT NULL');
  for (const row of layers) kept.add(row['digest'] as Digest);
  return kept;
}
