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

/**
 * SQL: the key of a note, of each of its pieces too. The first piece has the note's own key, which may not begin with a
 * digit, and the others have it behind their number and a space.
 */
export const wholeKey = "CASE WHEN key GLOB '[0-9]*' THEN substr(key, instr(key, ' ') + 1) ELSE key END";

/** As one value of 20 MB, SQLite and its library hold it five times, and take three times as long. */
const pieceBytes = 1 << 20;

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

  /**
   * What `setInPieces` wrote. Pieces that do not belong together can come out where an older tsbuild writes beside us:
   * the value itself must say whether it is whole.
   */
  getInPieces(kind: NoteKind, key: string): Uint8Array | undefined {
    const first = this.get(kind, key);
    if (first?.length !== pieceBytes) return first;
    const pieces = [first];
    while (pieces.at(-1)?.length === pieceBytes) {
      const next = this.get(kind, pieceKey(key, pieces.length));
      if (next === undefined) break;
      pieces.push(next);
    }
    return Buffer.concat(pieces);
  }

  /** As `set`, for values of many megabytes: all pieces are written in one transaction. */
  setInPieces(kind: NoteKind, key: string, value: Uint8Array): void {
    this.#database.transaction(() => {
      this.#database.run(`DELETE FROM note WHERE kind = ? AND ${wholeKey} = ?`, kind, key);
      for (let number = 0; number === 0 || number * pieceBytes < value.length; number++) {
        const start = number * pieceBytes;
        this.set(kind, pieceKey(key, number), value.subarray(start, start + pieceBytes));
      }
    });
  }

  delete(kind: NoteKind, key: string): void {
    this.#database.run('DELETE FROM note WHERE kind = ? AND key = ?', kind, key);
  }
}

function pieceKey(key: string, number: number): string {
  return number === 0 ? key : `${number} ${key}`;
}
