// The rows that say what leads to what, read in one go, and what follows from them: which layers lie on which, which
// are still reached from a record or a note, when they were last used, and which a live process uses.

import type {Digest} from '../oci/digest.ts';
import type {Database} from '../store/database.ts';
import type {LiveLeases} from '../store/leases.ts';
import type {NoteKind} from '../store/notes.ts';

export interface LayerFacts {
  readonly id: string;
  readonly digest: Digest | undefined;
  readonly source: string | undefined;
  readonly createdMs: number;
  /** Layers that it lies on directly, in one stack or another. */
  readonly parents: ReadonlySet<string>;
  readonly depth: number;
  /** Of the step that made it; undefined: an image's, or of no record. */
  readonly name: string | undefined;
  /** Notes that lead to it: what it was fetched or unpacked for. */
  readonly noteKind: NoteKind | undefined;
  readonly usedMs: number;
  readonly reached: boolean;
  readonly inUse: boolean;
}

interface Snapshot {
  readonly id: string;
  readonly parent: string | undefined;
  readonly layer: string;
  /** What its layer continues: also the name of the snapshot that was made with it. */
  readonly continues: string | undefined;
}

interface Seen {
  usedMs: number;
  reached: boolean;
  inUse: boolean;
}

type Writable<T> = {-readonly [K in keyof T]: T[K]};

/** Kinds of notes whose value may be a snapshot. */
const pointingKinds: readonly NoteKind[] = ['http', 'git', 'archive', 'content'];
const snapshotIdMax = 64;

export function layerFacts(database: Database, leases: LiveLeases): ReadonlyMap<string, LayerFacts> {
  const snapshots = new Map<string, Snapshot>();
  const sql =
    'SELECT snapshot.id, parent, layer, continues FROM snapshot LEFT JOIN layer ON layer.id = snapshot.layer';
  for (const row of database.all(sql)) {
    const [parent, continues] = [row['parent'], row['continues']].map((value) =>
      typeof value === 'string' ? value : undefined,
    );
    const id = String(row['id']);
    snapshots.set(id, {id, parent, layer: String(row['layer']), continues});
  }
  const facts = new Map<string, Writable<LayerFacts> & {parents: Set<string>}>();
  for (const row of database.all('SELECT id, digest, source, created_ms FROM layer')) {
    const id = String(row['id']);
    facts.set(id, {
      id,
      digest: (row['digest'] as Digest | null) ?? undefined,
      source: (row['source'] as string | null) ?? undefined,
      createdMs: Number(row['created_ms']),
      parents: new Set(),
      depth: 0,
      name: undefined,
      noteKind: undefined,
      usedMs: 0,
      reached: false,
      inUse: false,
    });
  }
  const depths = depthsOf(snapshots);
  const seen = seenOf(database, snapshots, leases, (snapshot, name, kind) => {
    const layer = facts.get(snapshots.get(snapshot)?.layer ?? '');
    if (layer === undefined) return;
    layer.name ??= name;
    layer.noteKind ??= kind;
  });
  for (const {id, parent, layer, continues} of snapshots.values()) {
    const fact = facts.get(layer);
    if (fact === undefined) continue;
    const below = parent === undefined ? undefined : snapshots.get(parent)?.layer;
    const {usedMs = 0, reached = false, inUse = false} = seen.get(id) ?? {};
    if (reached || inUse) for (const one of [below, continues]) if (one !== undefined) fact.parents.add(one);
    // One that continues another goes before it, as does what lies on it before both.
    fact.depth = Math.max(fact.depth, (depths.get(id) ?? 0) + (continues === undefined ? 0 : 0.5));
    fact.usedMs = Math.max(fact.usedMs, usedMs);
    fact.reached ||= reached;
    fact.inUse ||= inUse;
  }
  return facts;
}

/** What each snapshot is known by: its own records, notes and leases, and those of all that lies on it. */
function seenOf(
  database: Database,
  snapshots: ReadonlyMap<string, Snapshot>,
  leases: LiveLeases,
  onPointer: (snapshot: string, name: string | undefined, kind: NoteKind | undefined) => void,
): ReadonlyMap<string, Seen> {
  const seen = new Map<string, Seen>();
  const mark = (id: string, what: Partial<Seen>): void => {
    const usedMs = what.usedMs ?? 0;
    for (let at: string | undefined = id; at !== undefined; at = snapshots.get(at)?.parent) {
      if (!snapshots.has(at)) return;
      const found = seen.get(at) ?? {usedMs: 0, reached: false, inUse: false};
      const reached = found.reached || what.reached === true;
      const inUse = found.inUse || what.inUse === true;
      const known = found.reached === reached && found.inUse === inUse && found.usedMs >= usedMs;
      // What lies below knows it already.
      if (known && seen.has(at)) return;
      seen.set(at, {usedMs: Math.max(found.usedMs, usedMs), reached, inUse});
      const continued = snapshots.get(at)?.continues;
      if (continued !== undefined) mark(continued, what);
    }
  };
  for (const row of database.all('SELECT snapshot, name, used_ms FROM record ORDER BY created_ms')) {
    const snapshot = String(row['snapshot']);
    mark(snapshot, {usedMs: Number(row['used_ms']), reached: true});
    onPointer(snapshot, String(row['name']), undefined);
  }
  for (const {kind, snapshot} of pointingNotes(database)) {
    mark(snapshot, {reached: true});
    onPointer(snapshot, undefined, kind);
  }
  for (const snapshot of leases.snapshots) mark(snapshot, {inUse: true});
  return seen;
}

function depthsOf(snapshots: ReadonlyMap<string, Snapshot>): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  for (const start of snapshots.values()) {
    const path: string[] = [];
    let at: Snapshot | undefined = start;
    while (at !== undefined && !depths.has(at.id)) {
      path.push(at.id);
      at = at.parent === undefined ? undefined : snapshots.get(at.parent);
    }
    let depth = at === undefined ? 0 : (depths.get(at.id) ?? 0);
    for (const id of path.reverse()) depths.set(id, ++depth);
  }
  return depths;
}

export interface PointingNote {
  readonly kind: NoteKind;
  readonly key: string;
  readonly snapshot: string;
}

/** Notes that may lead to a snapshot. */
export function pointingNotes(database: Database): readonly PointingNote[] {
  return pointingKinds.flatMap((kind) =>
    database
      .all(
        'SELECT key, CAST(value AS TEXT) AS text FROM note WHERE kind = ? AND length(value) <= ?',
        kind,
        snapshotIdMax,
      )
      .map((row) => ({kind, key: String(row['key']), snapshot: String(row['text'])})),
  );
}
