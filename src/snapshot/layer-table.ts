// Rows of layers and snapshots. A layer is one directory in overlayfs form, or the promise of one (a blob in the
// store, or a place to fetch it from). A snapshot is a layer on top of a parent snapshot: a stack of layers. Both are
// immutable but for what is learnt about them later: that a directory or a blob now exists.

import {type DiffId, type Digest, hexOf} from '../oci/digest.ts';
import type {Database, Row, SqlValue} from '../store/database.ts';
import {Notes} from '../store/notes.ts';

export type LayerId = string;
export type SnapshotId = string;

export interface LayerRow {
  readonly id: LayerId;
  readonly hasDirectory: boolean;
  readonly diffId: DiffId | undefined;
  /** The blob, whether in the store or not. */
  readonly blob: {readonly mediaType: string; readonly digest: Digest; readonly size: number} | undefined;
  /** Reference of an image in a registry that has the blob. */
  readonly source: string | undefined;
  readonly createdMs: number;
  readonly bootId: string;
  /** Synced to disk: survives a power cut. */
  readonly durable: boolean;
  /** Its directory lies on that of this layer, and the two together are what it has (docs/adr/0022). */
  readonly continues?: LayerId | undefined;
}

/** What was not synced before a power cut may be torn. */
export function isTrusted({hasDirectory, durable, bootId}: LayerRow, currentBootId: string): boolean {
  return hasDirectory && (durable || bootId === currentBootId);
}

/** Whether a layer came with an image, and was not made by a step. */
export function isImported({id, diffId}: Pick<LayerRow, 'id' | 'diffId'>): boolean {
  return diffId !== undefined && id === hexOf(diffId);
}

export interface SnapshotRow {
  readonly id: SnapshotId;
  readonly parent: SnapshotId | undefined;
  readonly layer: LayerId;
  readonly epochSeconds: number;
}

const layerColumns =
  'id, has_directory, diff_id, media_type, digest, size, source, created_ms, boot, durable, continues';

const unchangedSuffix = ' layer unchanged';

export class LayerTable {
  readonly #database: Database;
  readonly #notes: Notes;
  readonly #unchanged = new Map<LayerId, boolean>();
  static readonly #ofDatabase = new WeakMap<Database, LayerTable>();

  /** The one of a database: what one asker has learned, the others need not ask. */
  static of(database: Database): LayerTable {
    const table = LayerTable.#ofDatabase.get(database) ?? new LayerTable(database);
    LayerTable.#ofDatabase.set(database, table);
    return table;
  }

  private constructor(database: Database) {
    this.#database = database;
    this.#notes = new Notes(database);
  }

  layer(id: LayerId): LayerRow | undefined {
    const row = this.#database.get(`SELECT ${layerColumns} FROM layer WHERE id = ?`, id);
    return row === undefined ? undefined : layerOf(row);
  }

  /** Those of `ids` that have a row, in one question: the library takes longer for one than SQLite for a hundred. */
  layers(ids: readonly LayerId[]): ReadonlyMap<LayerId, LayerRow> {
    const sql = `SELECT json_group_array(json_array(${layerColumns})) AS rows FROM layer
      WHERE id IN (SELECT value FROM json_each(?))`;
    const columns = layerColumns.split(', ');
    const rows = JSON.parse(String(this.#database.get(sql, JSON.stringify(ids))?.['rows'])) as SqlValue[][];
    return new Map(
      rows.map((values) => {
        const row = layerOf(Object.fromEntries(columns.map((column, at) => [column, values[at] ?? null])));
        return [row.id, row];
      }),
    );
  }

  snapshot(id: SnapshotId): SnapshotRow | undefined {
    const row = this.#database.get('SELECT id, parent, layer, epoch_s FROM snapshot WHERE id = ?', id);
    return row === undefined ? undefined : snapshotOf(row);
  }

  /** Snapshots made of one layer on `parent`, with the same epoch; the newest first. Then `isUnchanged` asks no more. */
  madeOn(parent: SnapshotId | undefined, epochSeconds: number, countMax: number): readonly SnapshotRow[] {
    const rows = this.#database.all(
      `SELECT snapshot.id, parent, layer, epoch_s,
         EXISTS (SELECT 1 FROM note WHERE kind = 'content' AND key = layer || '${unchangedSuffix}') AS unchanged
       FROM snapshot JOIN layer ON layer.id = snapshot.layer
       WHERE parent IS ? AND epoch_s = ? ORDER BY created_ms DESC LIMIT ?`,
      parent ?? null,
      epochSeconds,
      countMax,
    );
    return rows.map((row) => {
      const snapshot = snapshotOf(row);
      this.#unchanged.set(snapshot.layer, row['unchanged'] === 1);
      return snapshot;
    });
  }

  /** The newest that changes nothing of those that `madeOn` would give if it gave all of them. */
  unchangedOn(parent: SnapshotId | undefined, epochSeconds: number): SnapshotRow | undefined {
    const row = this.#database.get(
      `SELECT snapshot.id, parent, layer, epoch_s FROM snapshot JOIN layer ON layer.id = snapshot.layer
       WHERE parent IS ? AND epoch_s = ?
         AND EXISTS (SELECT 1 FROM note WHERE kind = 'content' AND key = layer || '${unchangedSuffix}')
       ORDER BY created_ms DESC LIMIT 1`,
      parent ?? null,
      epochSeconds,
    );
    if (row === undefined) return undefined;
    const snapshot = snapshotOf(row);
    this.#unchanged.set(snapshot.layer, true);
    return snapshot;
  }

  /** Whether it was added as a layer that changes nothing; false also when nobody can tell. */
  isUnchanged(id: LayerId): boolean {
    let answer = this.#unchanged.get(id);
    if (answer === undefined) {
      answer = this.#notes.getText('content', unchangedKey(id)) !== undefined;
      this.#unchanged.set(id, answer);
    }
    return answer;
  }

  /**
   * Adds what is not there yet; a layer or snapshot that exists is left as it is. Of `unchanged` it is known that
   * they change nothing. Others see it with what is written next: a record that leads there, for instance.
   */
  add(
    layers: readonly LayerRow[],
    snapshots: readonly SnapshotRow[],
    unchanged: readonly LayerId[] = [],
  ): void {
    const isChanged = layers.filter(({id}) => !unchanged.includes(id));
    for (const {id} of isChanged) this.#unchanged.set(id, false);
    for (const id of unchanged) this.#unchanged.set(id, true);
    this.#database.soon(() => {
      for (const layer of layers) {
        this.#database.run(
          `INSERT OR IGNORE INTO layer (${layerColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          layer.id,
          layer.hasDirectory ? 1 : 0,
          layer.diffId ?? null,
          layer.blob?.mediaType ?? null,
          layer.blob?.digest ?? null,
          layer.blob?.size ?? null,
          layer.source ?? null,
          Math.round(layer.createdMs),
          layer.bootId,
          layer.durable ? 1 : 0,
          layer.continues ?? null,
        );
      }
      for (const id of unchanged) {
        this.#notes.set('content', unchangedKey(id), '1');
      }
      for (const {id, parent, layer, epochSeconds} of snapshots) {
        this.#database.run(
          'INSERT OR IGNORE INTO snapshot (id, parent, layer, epoch_s) VALUES (?, ?, ?, ?)',
          id,
          parent ?? null,
          layer,
          epochSeconds,
        );
      }
    });
  }

  /** From now on it has a whole directory of its own, or none. */
  setDirectory(id: LayerId, hasDirectory: boolean, bootId: string): void {
    this.#database.run(
      'UPDATE layer SET has_directory = ?, boot = ?, durable = 0, continues = NULL WHERE id = ?',
      hasDirectory ? 1 : 0,
      bootId,
      id,
    );
  }

  setBlob(id: LayerId, diffId: DiffId, blob: {mediaType: string; digest: Digest; size: number}): void {
    this.#database.run(
      'UPDATE layer SET diff_id = ?, media_type = ?, digest = ?, size = ? WHERE id = ?',
      diffId,
      blob.mediaType,
      blob.digest,
      blob.size,
      id,
    );
  }

  setSource(id: LayerId, source: string): void {
    this.#database.run('UPDATE layer SET source = ? WHERE id = ?', source, id);
  }

  /** Where the blob of a layer without one can be had. */
  setPromise(
    id: LayerId,
    diffId: DiffId,
    blob: {mediaType: string; digest: Digest; size: number},
    source: string,
  ): void {
    this.setBlob(id, diffId, blob);
    this.setSource(id, source);
  }

  /** Forgets what a source was to give, but for layers that have their directory. */
  forgetSource(source: string): void {
    this.#database.run('UPDATE layer SET source = NULL WHERE source = ? AND has_directory = 1', source);
    this.#database.run(
      'UPDATE layer SET source = NULL, digest = NULL, media_type = NULL, size = NULL WHERE source = ?',
      source,
    );
  }

  /** Layers with a directory made before `beforeMs` that were never synced. */
  unsynced(bootId: string, beforeMs: number): readonly LayerId[] {
    return this.#database
      .all(
        'SELECT id FROM layer WHERE has_directory = 1 AND durable = 0 AND boot = ? AND created_ms < ?',
        bootId,
        Math.round(beforeMs),
      )
      .map((row) => String(row['id']));
  }

  setDurable(ids: readonly LayerId[]): void {
    this.#database.transaction(() => {
      for (const id of ids) this.#database.run('UPDATE layer SET durable = 1 WHERE id = ?', id);
    });
  }
}

function unchangedKey(id: LayerId): string {
  return `${id}${unchangedSuffix}`;
}

function layerOf(row: Row): LayerRow {
  const digest = row['digest'];
  return {
    id: String(row['id']),
    hasDirectory: row['has_directory'] === 1,
    diffId: (row['diff_id'] as DiffId | null) ?? undefined,
    blob:
      digest === null
        ? undefined
        : {mediaType: String(row['media_type']), digest: digest as Digest, size: Number(row['size'])},
    source: (row['source'] as string | null) ?? undefined,
    createdMs: Number(row['created_ms']),
    bootId: String(row['boot']),
    durable: row['durable'] === 1,
    continues: (row['continues'] as string | null) ?? undefined,
  };
}

function snapshotOf(row: Row): SnapshotRow {
  return {
    id: String(row['id']),
    parent: (row['parent'] as string | null) ?? undefined,
    layer: String(row['layer']),
    epochSeconds: Number(row['epoch_s']),
  };
}
