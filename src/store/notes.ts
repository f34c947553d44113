// Small remembered answers that cost more to find than to keep: parsed Dockerfiles, stat caches, content digests of
// immutable snapshots. Losing one loses time, never truth.

import type {Database} from './database.ts';

export type NoteKind =
  | 'parse'
  | 'stat'
  | 'content'
  | 'http'
  | 'git'
  | 'archive'
  | 'layer-blob'
  | 'output'
  | 'root'
  | 'blob-home'
  | 'upload'
  | 'size'
  | 'space';

export class Notes {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(kind: NoteKind, key: string): Uint8Array | undefined {
    const row = this.#database.get('SELECT value FROM note WHERE kind = ? AND key = ?', kind, key);
    return row?.['value'] instanceof Uint8Array ? row['value'] : undefined;
  }

  getText(kind: NoteKind, key: string): string | undefined {
    const bytes = this.get(kind, key);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  }

  set(kind: NoteKind, key: string, value: Uint8Array | string): void {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    this.#database.run('INSERT OR REPLACE INTO note (kind, key, value) VALUES (?, ?, ?)', kind, key, bytes);
  }

  delete(kind: NoteKind, key: string): void {
    this.#database.run('DELETE FROM note WHERE kind = ? AND key = ?', kind, key);
  }
}
