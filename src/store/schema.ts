// Tables of the record store; docs/formats/store.md says what each column means. Everything here can be rebuilt or
// thrown away: blobs and layer directories are the truth.
//
// A table without rowids is one tree by its key, in which whoever looks for a key reads the whole of every long row
// that is passed (fileformat2.html, 1.6: they go on in other pages). So rows that may be long are in tables with
// rowids.

export const schemaVersion = 6;

const record = `
CREATE TABLE IF NOT EXISTS record (
  key TEXT PRIMARY KEY,
  result_key TEXT NOT NULL,
  snapshot TEXT NOT NULL,
  name TEXT NOT NULL,
  ingredients TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  used_ms INTEGER NOT NULL,
  usage TEXT
);
CREATE INDEX IF NOT EXISTS record_snapshot ON record (snapshot);
CREATE INDEX IF NOT EXISTS record_created ON record (created_ms);
`;

const note = `
CREATE TABLE IF NOT EXISTS note (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (kind, key)
);
`;

export const schema = `
CREATE TABLE IF NOT EXISTS layer (
  id TEXT PRIMARY KEY,
  has_directory INTEGER NOT NULL,
  diff_id TEXT,
  media_type TEXT,
  digest TEXT,
  size INTEGER,
  source TEXT,
  created_ms INTEGER NOT NULL,
  boot TEXT NOT NULL,
  durable INTEGER NOT NULL,
  continues TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshot (
  id TEXT PRIMARY KEY,
  parent TEXT,
  layer TEXT NOT NULL,
  epoch_s INTEGER NOT NULL
) WITHOUT ROWID;
${record}
CREATE TABLE IF NOT EXISTS resolved (
  reference TEXT NOT NULL,
  platform TEXT NOT NULL,
  manifest_digest TEXT NOT NULL,
  resolved_ms INTEGER NOT NULL,
  PRIMARY KEY (reference, platform)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS image (
  name TEXT PRIMARY KEY,
  descriptor TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) WITHOUT ROWID;
${note}
CREATE INDEX IF NOT EXISTS snapshot_parent ON snapshot (parent);
`;

/** What makes a database of the number before into one of this number. */
export const migrations: Readonly<Record<number, string>> = {
  2: 'ALTER TABLE record ADD COLUMN usage TEXT;',
  3: `CREATE INDEX IF NOT EXISTS snapshot_parent ON snapshot (parent);
      CREATE INDEX IF NOT EXISTS record_snapshot ON record (snapshot);`,
  4: 'CREATE INDEX IF NOT EXISTS record_created ON record (created_ms);',
  5: 'ALTER TABLE layer ADD COLUMN continues TEXT;',
  6: `DROP INDEX IF EXISTS record_snapshot;
      DROP INDEX IF EXISTS record_created;
      ALTER TABLE record RENAME TO record_before;
      ${record}
      INSERT INTO record SELECT key, result_key, snapshot, name, ingredients, created_ms, used_ms, usage
        FROM record_before ORDER BY created_ms;
      DROP TABLE record_before;
      ${note}
      ALTER TABLE note RENAME TO note_before;
      ${note}
      INSERT INTO note SELECT kind, key, value FROM note_before;
      DROP TABLE note_before;`,
};
