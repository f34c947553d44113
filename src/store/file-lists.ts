// Lists of files by the content digest that they explain (tree/file-list.ts), the newest ones: a lost list makes a
// reason shorter, nothing else.

import type {Clock} from '../util/clock.ts';
import type {Database} from './database.ts';

const listsMax = 400;
const bytesMax = 32 << 20;
const timeBytes = 6;

export class FileLists {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  get(digest: string): Uint8Array | undefined {
    const sql = `SELECT value FROM note WHERE kind = 'files' AND key = ?`;
    const value = this.#database.get(sql, digest)?.['value'];
    return value instanceof Uint8Array ? value.subarray(timeBytes) : undefined;
  }

  /** Keeps what `encode` makes, unless it is here already. */
  keep(digest: string, encode: () => Uint8Array | undefined): void {
    const sql = `SELECT 1 AS one FROM note WHERE kind = 'files' AND key = ?`;
    if (this.#database.get(sql, digest) !== undefined) return;
    const list = encode();
    if (list === undefined) return;
    const value = Buffer.alloc(timeBytes + list.length);
    value.writeUIntBE(Math.round(this.#clock.nowMs()), 0, timeBytes);
    value.set(list, timeBytes);
    this.#database.transaction(() => {
      const insert = `INSERT OR REPLACE INTO note (kind, key, value) VALUES ('files', ?, ?)`;
      this.#database.run(insert, digest, value);
      this.#dropOldest();
    });
  }

  #dropOldest(): void {
    // The time is in front and of one length, so the order of the bytes is the order of the times.
    const sql = `SELECT key, length(value) AS size FROM note WHERE kind = 'files'
      ORDER BY substr(value, 1, ${timeBytes}) DESC`;
    let [lists, bytes] = [0, 0];
    for (const {key = '', size} of this.#database.all(sql)) {
      lists++;
      bytes += Number(size);
      const isNewest = lists === 1;
      if (isNewest || (lists <= listsMax && bytes <= bytesMax)) continue;
      this.#database.run(`DELETE FROM note WHERE kind = 'files' AND key = ?`, key);
    }
  }
}
